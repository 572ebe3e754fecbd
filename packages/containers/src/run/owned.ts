import { abortOnSignals, openLedger, sweep } from "@belay/supervise";
import type { Ledger } from "@belay/supervise";
import { registerContainerKinds } from "./release.ts";

/** What a command that makes containers or files works in. */
export interface Scope extends AsyncDisposable {
  readonly ledger: Ledger;
  /** Aborts on SIGINT, SIGTERM, SIGHUP, and on SIGHUP's cause: the end of the process that started us. */
  readonly signal: AbortSignal;
}

/** Keeps a run going when the process that started it ends; a session of one's own (setsid) does the same. */
export const outliveVariable = "BELAY_OUTLIVE_PARENT";

/**
 * Opens the ledger, clears up after predecessors that were killed, and watches for signals. Leaving the scope releases whatever still
 * stands in the ledger.
 */
export async function ownedScope(): Promise<Scope> {
  registerContainerKinds();
  const watch = abortOnSignals();
  await sweepBefore();
  const ledger = await openLedger();
  await endWithParent();
  return {
    ledger,
    signal: watch.signal,
    [Symbol.asyncDispose]: async () => {
      await ledger[Symbol.asyncDispose]();
      watch[Symbol.dispose]();
    },
  };
}

// What a predecessor left must not keep us from working: who wants to know runs the doctor.
async function sweepBefore(): Promise<void> {
  try {
    await sweep({ fix: true, signal: AbortSignal.timeout(20_000) });
  } catch {
    // The next start tries again.
  }
}

// The one way to see a SIGKILL of make or of a shell: the kernel tells its child.
async function endWithParent(): Promise<void> {
  const { readFileSync } = await import("node:fs");
  const fields = readFileSync("/proc/self/stat", "latin1")
    .replace(/^.*\) /s, "")
    .split(" ");
  const session = Number(fields[3]);
  if (session === process.pid || (process.env[outliveVariable] ?? "") !== "") return;
  const parent = process.ppid;
  const { setParentDeathSignal } = await import("@belay/linux");
  const { constants } = await import("node:os");
  setParentDeathSignal(constants.signals.SIGHUP);
  if (process.ppid !== parent) process.kill(process.pid, "SIGHUP");
}
