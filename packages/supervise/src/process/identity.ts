import { readFileSync } from "node:fs";
import { hasCode } from "../errors/belay-error.ts";

/**
 * One process for all time: process ids are given again, the pair of id and start time is not before the next boot.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot: field 22 of `/proc/PID/stat` (proc(5)). Decimal, as it can pass 2^53 in theory. */
  readonly startTime: string;
  /** `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: string;
}

let cachedBootId: string | undefined;

/** The id of this boot of the machine. */
export function bootId(): string {
  return (cachedBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim());
}

/** Identity of a process, zombies included; undefined when there is none of that id. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat && { pid, startTime: stat.startTime, bootId: bootId() };
}

/** Identity of the calling process. */
export function ownIdentity(): ProcessIdentity {
  return (cachedOwn ??= processIdentity(process.pid) ?? { pid: process.pid, startTime: "0", bootId: bootId() });
}

let cachedOwn: ProcessIdentity | undefined;

/** Tells whether both are the same process, alive or not. */
export function isSameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.startTime === b.startTime && a.bootId === b.bootId;
}

/**
 * Tells whether this very process runs: neither gone, nor a zombie, nor replaced by another of the same id.
 *
 * The first thread is a zombie as soon as it has ended; while another one ends, the process still has its files open and its locks.
 */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  const stat = readStat(identity.pid);
  if (stat?.startTime !== identity.startTime || stat.state === "X") return false;
  return stat.state !== "Z" || stat.threads > 1;
}

/** The fields of `/proc/PID/stat` this package needs; undefined when there is no such process. */
export interface ProcessStat {
  /** `Z` zombie, `X` dead, `D` waits in the kernel, … */
  readonly state: string;
  readonly ppid: number;
  readonly pgid: number;
  /** Those that have not ended yet; at least 1. */
  readonly threads: number;
  readonly startTime: string;
}

/** Reads `/proc/PID/stat`. */
export function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
  // The command name may hold blanks and parentheses: fields are counted from the last one on.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (n: number) => fields[n - 3] ?? "";
  const number = (n: number) => Number(field(n));
  return { state: field(3), ppid: number(4), pgid: number(5), threads: number(20), startTime: field(22) };
}
