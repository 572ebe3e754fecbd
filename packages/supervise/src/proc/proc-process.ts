import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hasCode } from "../errors/belay-error.ts";
import { isAlive, processIdentity, type ProcessIdentity } from "../process/identity.ts";
import { parseArgv, parseFdinfo, parseKeyValues, parseMaps } from "./parse.ts";
import { errorText, procError, ProcGone } from "./proc-error.ts";
import { userName } from "./user-name.ts";
import type { ProcFd, ProcMapping, ProcProcess, ProcTask } from "./types.ts";

/** Which process, and whether each property is read once. */
interface Subject {
  readonly identity: ProcessIdentity;
  readonly repeatable: boolean;
}

/** A process; undefined when there is none of that id. */
export function findProcess(pid: number, repeatable: boolean): ProcProcess | undefined {
  const identity = processIdentity(pid);
  return identity && new ProcessView({ identity, repeatable });
}

/** Reads every property there is, so that it is known from now on, errors too. */
export function readAll(process: ProcProcess): void {
  for (const task of [process, ...(attempt(() => [...process.tasks.values()]) ?? [])]) {
    for (const property of taskProperties) attempt(() => task[property]);
  }
  for (const property of processProperties) attempt(() => process[property]);
}

const taskProperties = ["comm", "status", "ktraceback"] as const;
const processProperties = ["argv", "exe", "cwd", "root", "fd", "mmaps"] as const;

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // kept by the property itself
  }
}

class TaskView implements ProcTask {
  protected readonly subject: Subject;
  protected readonly who: string;
  protected readonly directory: string;
  readonly #known = new Map<string, { value: unknown } | { error: unknown }>();

  constructor(subject: Subject, who: string, directory: string) {
    this.subject = subject;
    this.who = who;
    this.directory = directory;
  }

  get comm(): string {
    return this.read("comm", () => readFileSync(`${this.directory}/comm`, "utf8").replace(/\n$/, ""));
  }

  get status(): ReadonlyMap<string, string> {
    return this.read("status", () => parseKeyValues(readFileSync(`${this.directory}/status`, "utf8")));
  }

  get uid(): number {
    return Number(this.status.get("Uid")?.split(/\s/)[0]);
  }

  get user(): string {
    return userName(this.uid);
  }

  get ktraceback(): string {
    return this.read("stack", () => readFileSync(`${this.directory}/stack`, "utf8"));
  }

  text(): string {
    return `${this.who.padStart(9)} ${orText(() => this.user)} ${orText(() => this.comm)}`;
  }

  /** Reads a property, keeps it where it is to be constant, and gives its errors their meaning. */
  protected read<T>(property: string, read: () => T): T {
    const known = this.#known.get(property) ?? this.#attempt(property, read);
    if (this.subject.repeatable) this.#known.set(property, known);
    if ("error" in known) throw known.error;
    return known.value as T;
  }

  #attempt<T>(property: string, read: () => T): { value: T } | { error: unknown } {
    const { pid, startTime } = this.subject.identity;
    try {
      const value = read();
      // The id may have been given again: what was read is then another process's.
      if (processIdentity(pid)?.startTime === startTime) return { value };
      return { error: new ProcGone("ESRCH", `${this.who}: process disappeared`, { pid }) };
    } catch (error) {
      return { error: procError(error, this.subject.identity, this.who, property) };
    }
  }
}

class ThreadView extends TaskView {
  readonly tid: number;

  constructor(subject: Subject, tid: number, directory: string) {
    super(subject, `tid${tid}`, directory);
    this.tid = tid;
  }
}

class ProcessView extends TaskView implements ProcProcess {
  readonly pid: number;

  constructor(subject: Subject) {
    const { pid } = subject.identity;
    super(subject, `pid${pid}`, `/proc/${pid}`);
    this.pid = pid;
  }

  get argv(): readonly Buffer[] {
    return this.read("argv", () => parseArgv(readFileSync(`${this.directory}/cmdline`)));
  }

  get exe(): Buffer | undefined {
    return this.read("exe", () => {
      try {
        return this.#link("exe");
      } catch (error) {
        if (hasCode(error, "ENOENT") && isAlive(this.subject.identity)) return undefined; // kernel thread
        throw error;
      }
    });
  }

  get cwd(): Buffer {
    return this.read("cwd", () => this.#link("cwd"));
  }

  get root(): Buffer {
    return this.read("root", () => this.#link("root"));
  }

  get fd(): ReadonlyMap<number, ProcFd> {
    return this.read("fd", () => readFds(this.directory));
  }

  get mmaps(): readonly ProcMapping[] {
    return this.read("mmaps", () => parseMaps(readFileSync(`${this.directory}/maps`, "latin1")));
  }

  get tasks(): ReadonlyMap<number, ProcTask & { readonly tid: number }> {
    return this.read("tasks", () => {
      const tids = readdirSync(`${this.directory}/task`).map(Number);
      return new Map(tids.map((tid) => [tid, new ThreadView(this.subject, tid, `${this.directory}/task/${tid}`)]));
    });
  }

  isAlive(): boolean {
    return isAlive(this.subject.identity);
  }

  argvText(): string {
    return orText(() => this.argv.map(String).join(" "));
  }

  #link(name: string): Buffer {
    return readlinkSync(`${this.directory}/${name}`, "buffer");
  }
}

function orText(read: () => string): string {
  try {
    return read();
  } catch (error) {
    return errorText(error);
  }
}

function readFds(directory: string): Map<number, ProcFd> {
  const files = new Map<number, ProcFd>();
  for (const name of readdirSync(`${directory}/fd`)) {
    try {
      const path = readlinkSync(`${directory}/fd/${name}`, "buffer");
      files.set(Number(name), parseFdinfo(Number(name), path, readFileSync(`${directory}/fdinfo/${name}`, "latin1")));
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error; // closed since it was listed
    }
  }
  return files;
}
