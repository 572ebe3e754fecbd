import { listPids } from "../process/process-group.ts";
import { silentLogger, type Logger } from "../log/logger.ts";
import { findProcess, readAll } from "./proc-process.ts";
import { isDenied, isGone } from "./proc-error.ts";
import type { OnDenied, ProcIsolation, ProcProcess } from "./types.ts";

/** The processes of the machine, as far as `/proc` shows them. */
export interface ProcReader {
  /** @returns undefined when there is no such process */
  get(pid: number): ProcProcess | undefined;
  /** In the order of their ids. Those that end meanwhile drop out. */
  processes(): Generator<ProcProcess>;
  /**
   * Asks every process. `select` returns false to leave it out, true to have the process, anything else to have that.
   *
   * @param options.onDenied  what to do when `select` meets something we may not read; default `raise`
   */
  query<T>(
    select: (process: ProcProcess) => T | boolean,
    options?: { onDenied?: OnDenied; logger?: Logger },
  ): Generator<ProcProcess | Exclude<T, boolean>>;
}

/** Opens `/proc` for reading at some isolation; see {@link ProcIsolation}. */
export function openProc({ isolation = "repeatable-read" }: { isolation?: ProcIsolation } = {}): ProcReader {
  const known = new Map<number, ProcProcess | undefined>();
  const find = (pid: number) => findProcess(pid, isolation !== "none");
  const pids = isolation === "none" ? listPids : onceOnly(listPids);
  const get = (pid: number) => {
    if (isolation === "none") return find(pid);
    if (!known.has(pid)) known.set(pid, isolation === "snapshot" ? undefined : find(pid));
    return known.get(pid);
  };
  if (isolation === "snapshot") {
    for (const pid of pids()) {
      const process = find(pid);
      if (process) readAll(process);
      known.set(pid, process);
    }
  }
  function* processes() {
    for (const pid of [...pids()].sort((a, b) => a - b)) {
      const process = get(pid);
      if (process !== undefined) yield process;
    }
  }
  return { get, processes, query: (select, options) => query(processes(), select, options) };
}

function* query<T>(
  processes: Iterable<ProcProcess>,
  select: (process: ProcProcess) => T | boolean,
  { onDenied = "raise", logger = silentLogger }: { onDenied?: OnDenied; logger?: Logger } = {},
): Generator<ProcProcess | Exclude<T, boolean>> {
  for (const process of processes) {
    let selected: T | boolean = false;
    try {
      selected = select(process);
    } catch (error) {
      if (isGone(error)) continue;
      if (!isDenied(error) || onDenied === "raise") throw error;
      if (onDenied === "warn") logger.warn(`no access to ${process.text()} (${process.argvText()})`);
    }
    if (selected === true) yield process;
    else if (selected !== false) yield selected as Exclude<T, boolean>;
  }
}

function onceOnly<T>(f: () => T): () => T {
  let value: { v: T } | undefined;
  return () => (value ??= { v: f() }).v;
}
