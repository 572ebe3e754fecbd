import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { silentLogger, type Logger } from "../log/logger.ts";
import { ownIdentity } from "../process/identity.ts";
import { runDirectory } from "../rundir/run-directory.ts";
import { syncDirectory } from "../state/write-file-atomic.ts";
import { releaseEntry } from "./kinds.ts";
import { createLedgerWriter, type LedgerWriter } from "./ledger-writer.ts";
import { ledgerFolder, ledgerName, ownPidNamespace, type StoredEntry } from "./ledger-file.ts";
import type { JsonValue, Ledger, LedgerEntry, LedgerHandle } from "./types.ts";

let opened = 0;

interface State {
  readonly writer: LedgerWriter;
  readonly logger: Logger;
  readonly standing: Map<number, OpenEntry>;
  lastId: number;
}

interface OpenEntry extends StoredEntry {
  readonly handle: LedgerHandle;
}

/**
 * Opens a ledger for this process; every call makes a file of its own, so threads and parts of a program need not share one.
 *
 * Its file name tells the owner (pid, start time, boot). If the process dies without leaving the ledger's scope, the file
 * stays, and the next {@link sweep} of the same directory releases what stands in it.
 *
 * @param directory  default {@link runDirectory}
 */
export async function openLedger(directory: string = runDirectory(), logger: Logger = silentLogger): Promise<Ledger> {
  const folder = ledgerFolder(directory);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const owner = ownIdentity();
  const path = join(folder, ledgerName(owner, `${threadId}-${++opened}`));
  const header = { version: 1, owner, pidNamespace: ownPidNamespace(), program: process.argv } as const;
  const standing: State["standing"] = new Map();
  const writer = createLedgerWriter(path, header, () => [...standing.values()]);
  await syncDirectory(folder);
  const state: State = { writer, logger, standing, lastId: 0 };
  return {
    directory,
    path,
    intend: (entry) => intend(state, entry),
    entries: () => [...standing.values()].map(({ handle }) => handle),
    [Symbol.asyncDispose]: () => closeLedger(state, path),
  };
}

async function intend(state: State, entry: LedgerEntry): Promise<LedgerHandle> {
  const id = ++state.lastId;
  const handle = createHandle(state, id, entry);
  state.standing.set(id, { id, entry, acquired: false, handle });
  await state.writer.append({ op: "intend", id, entry });
  return handle;
}

function createHandle(state: State, id: number, intended: LedgerEntry): LedgerHandle {
  const now = () => state.standing.get(id);
  const strike = () => {
    if (state.standing.delete(id)) state.writer.note({ op: "released", id });
  };
  let releasing: Promise<void> | undefined;
  const release = async () => {
    const stored = now();
    if (stored === undefined) return;
    const { entry, acquired } = stored;
    await releaseEntry(entry, { owner: ownIdentity(), acquired, logger: state.logger, signal: undefined });
    strike();
  };
  const handle: LedgerHandle = {
    get entry() {
      return now()?.entry ?? intended;
    },
    async acquired(patch: Readonly<Record<string, JsonValue>> = {}) {
      const { entry } = handle;
      state.standing.set(id, { id, entry: { ...entry, ...patch, kind: entry.kind }, acquired: true, handle });
      await state.writer.append({ op: "acquired", id, patch });
    },
    // A release that failed may be tried again; one that is under way or done may not run twice.
    release: () =>
      (releasing ??= release().catch((error: unknown) => {
        releasing = undefined;
        throw error;
      })),
    // Durable: whoever forgets an entry may give the resource away next, and no sweep may take it then.
    async forget() {
      if (state.standing.delete(id)) await state.writer.append({ op: "released", id });
    },
  };
  return handle;
}

// Newest first: what was made last may stand on what was made before (a directory, then a mount in it).
async function closeLedger(state: State, path: string): Promise<void> {
  const failures: unknown[] = [];
  for (const { handle } of [...state.standing.values()].reverse()) {
    await handle.release().catch((error: unknown) => failures.push(error));
  }
  state.writer.close();
  if (failures.length === 0) rmSync(path, { force: true });
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, `${failures.length} resources could not be released`);
}
