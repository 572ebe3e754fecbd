import { readlinkSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "../process/identity.ts";
import type { JsonValue, LedgerEntry } from "./types.ts";

/** First line of a ledger. */
export interface LedgerHeader {
  readonly version: 1;
  readonly owner: ProcessIdentity;
  /** Process ids mean nothing outside their namespace (containers that share a run directory). */
  readonly pidNamespace: string;
  readonly program: readonly string[];
}

/** A line after the first. */
export type LedgerLine =
  | { readonly op: "intend"; readonly id: number; readonly entry: LedgerEntry }
  | { readonly op: "acquired"; readonly id: number; readonly patch: Readonly<Record<string, JsonValue>> }
  | { readonly op: "released"; readonly id: number };

/** An entry as the lines of a file leave it. */
export interface StoredEntry {
  readonly id: number;
  readonly entry: LedgerEntry;
  readonly acquired: boolean;
}

/** Where the ledgers of a run directory lie. */
export function ledgerFolder(directory: string): string {
  return join(directory, "ledgers");
}

/** The owner is in the name: whether it lives can be told without reading, also while it writes its first line. */
export function ledgerName({ pid, startTime, bootId }: ProcessIdentity, serial: string): string {
  return `${pid}.${startTime}.${bootId}.${serial}.jsonl`;
}

/** Behind the name of a ledger: it is being written anew. */
export const copySuffix = ".new";

/** @returns undefined for other files */
export function parseLedgerName(name: string): ProcessIdentity | undefined {
  const match = /^(\d+)\.(\d+)\.([0-9a-f-]+)\.[\w-]+\.jsonl$/.exec(name);
  if (match === null) return undefined;
  const [, pid = "", startTime = "", bootId = ""] = match;
  return { pid: Number(pid), startTime, bootId };
}

/** The pid namespace of this process. */
export function ownPidNamespace(): string {
  return readlinkSync("/proc/self/ns/pid");
}

/**
 * Reads a ledger as a crash at any moment may leave it.
 *
 * The last line may be torn: it was not durable yet, so what it announced had not begun. Torn lines elsewhere are left out the same way.
 *
 * @returns entries oldest first; no header when the owner died before its first line was written
 */
export function parseLedger(text: string): { header: LedgerHeader | undefined; entries: StoredEntry[] } {
  const [first = "", ...rest] = text.split("\n");
  const entries = new Map<number, StoredEntry>();
  for (const line of rest) {
    const parsed = parseLine(line) as LedgerLine | undefined;
    if (parsed !== undefined) apply(entries, parsed);
  }
  return { header: parseLine(first) as LedgerHeader | undefined, entries: [...entries.values()] };
}

function apply(entries: Map<number, StoredEntry>, line: LedgerLine): void {
  const { id } = line;
  if (line.op === "intend") entries.set(id, { id, entry: line.entry, acquired: false });
  else if (line.op === "released") entries.delete(id);
  else {
    const known = entries.get(id);
    if (known)
      entries.set(id, { id, entry: { ...known.entry, ...line.patch, kind: known.entry.kind }, acquired: true });
  }
}

function parseLine(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
