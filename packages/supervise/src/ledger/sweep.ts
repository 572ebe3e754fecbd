import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { toError } from "../errors/belay-error.ts";
import { takeFileLock } from "../locks/file-lock.ts";
import { silentLogger, type Logger } from "../log/logger.ts";
import { bootId, isAlive, type ProcessIdentity } from "../process/identity.ts";
import { runDirectory } from "../rundir/run-directory.ts";
import { releaseEntry } from "./kinds.ts";
import {
  copySuffix,
  ledgerFolder,
  ownPidNamespace,
  parseLedger,
  parseLedgerName,
  type StoredEntry,
} from "./ledger-file.ts";
import type { SweepReport, SweptEntry } from "./types.ts";

/** What a sweep is to do. */
export interface SweepOptions {
  /** Default {@link runDirectory}. */
  readonly directory?: string;
  /** Release what is found. Default false: only tell. */
  readonly fix?: boolean;
  /** Only ledgers of the programs, by their command line, that it accepts. Default: all. */
  readonly of?: (program: readonly string[]) => boolean;
  readonly logger?: Logger;
  /** Ends the wait for another sweep, and the sweep itself between two entries. */
  readonly signal?: AbortSignal;
}

/** The file of an owner that is no more. */
interface DeadLedger {
  readonly path: string;
  readonly owner: ProcessIdentity;
  readonly program: readonly string[];
  readonly entries: readonly StoredEntry[];
}

/**
 * Finds the ledgers of processes that are dead and releases what stands in them, newest entry first.
 *
 * Each release is noted at once, so a sweep that is killed is simply repeated. Only one sweep of a directory works at a time; others
 * wait for it. A ledger whose entries are all released is removed; one with failures stays for the next sweep.
 */
export async function sweep(options: SweepOptions = {}): Promise<SweepReport> {
  const { directory = runDirectory(), signal } = options;
  const folder = ledgerFolder(directory);
  if (!existsSync(folder)) return { entries: [], alive: 0, skipped: [] };
  const lock = await takeFileLock(join(folder, "sweep.lock"), { wait: true, signal });
  try {
    return await sweepFolder(folder, options);
  } finally {
    lock[Symbol.dispose]();
  }
}

async function sweepFolder(folder: string, options: SweepOptions): Promise<SweepReport> {
  const report = { entries: [] as SweptEntry[], alive: 0, skipped: [] as { path: string; reason: string }[] };
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const isCopy = name.endsWith(copySuffix);
    const owner = parseLedgerName(isCopy ? name.slice(0, -copySuffix.length) : name);
    if (owner === undefined) continue;
    if (isAlive(owner)) {
      report.alive += isCopy ? 0 : 1;
      continue;
    }
    // Written anew when its owner died: what stands is in the old one.
    if (isCopy) {
      if (options.fix === true) rmSync(path, { force: true });
      continue;
    }
    const dead = readDead(path, owner);
    if (typeof dead === "string") report.skipped.push({ path, reason: dead });
    else if (options.of?.(dead.program) !== false) report.entries.push(...(await sweepLedger(dead, options)));
  }
  return report;
}

function readDead(path: string, owner: ProcessIdentity): DeadLedger | string {
  const { header, entries } = parseLedger(readFileSync(path, "utf8"));
  const elsewhere = header !== undefined && header.pidNamespace !== ownPidNamespace() && owner.bootId === bootId();
  if (elsewhere) return "its owner runs in another pid namespace";
  return { path, owner, program: header?.program ?? [], entries };
}

async function sweepLedger(ledger: DeadLedger, options: SweepOptions): Promise<SweptEntry[]> {
  const swept: SweptEntry[] = [];
  for (const stored of [...ledger.entries].reverse()) {
    options.signal?.throwIfAborted();
    swept.push(await sweepEntry(ledger, stored, options));
  }
  const open = swept.some(({ outcome }) => outcome === "left" || outcome === "failed");
  if (!open && (options.fix || ledger.entries.length === 0)) rmSync(ledger.path, { force: true });
  return swept;
}

async function sweepEntry(ledger: DeadLedger, stored: StoredEntry, options: SweepOptions): Promise<SweptEntry> {
  const { owner, path } = ledger;
  const program = ledger.program.join(" ");
  const { entry, acquired, id } = stored;
  const found = { ledger: path, owner, program, entry, error: undefined };
  if (!options.fix) return { ...found, outcome: "left" };
  const { logger = silentLogger, signal } = options;
  try {
    const outcome = await releaseEntry(entry, { owner, acquired, logger, signal });
    appendFileSync(path, `\n${JSON.stringify({ op: "released", id })}\n`); // the last line may be torn: a new one starts here
    logger.info(`swept ${entry.kind} of dead process ${owner.pid}: ${outcome}`);
    return { ...found, outcome };
  } catch (error) {
    logger.warn(`cannot release ${entry.kind} of dead process ${owner.pid}: ${toError(error).message}`);
    return { ...found, outcome: "failed", error: toError(error) };
  }
}
