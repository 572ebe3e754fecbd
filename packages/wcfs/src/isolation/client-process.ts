import { readFileSync } from "node:fs";
import { close, ErrnoError, errno, pidfdOpen, pidfdSendSignal, POLLIN, poll, PollSet } from "@belay/linux";

/**
 * The process that opened a link. Held by a descriptor: whatever becomes of its number, it stays this process.
 *
 * The kernel names a *thread* in a request. A thread may end long before its process does, so it is its process that is held.
 */
export interface ClientProcess extends Disposable {
  readonly pid: number;
  /** Polls readable when the process has ended. */
  readonly fd: number;
  /** A zombie is not alive. */
  alive(): boolean;
  /** @throws ErrnoError EPERM */
  signal(signal: number): void;
}

/** What is asked about processes by the thread ids of FUSE requests; 0 stands for a process the server cannot see. */
export interface ClientProcesses {
  /** @throws ErrnoError EIO when there is no such process any more, or it cannot be seen */
  hold(tid: number): ClientProcess;
  /** The process a thread belongs to. */
  processOf(tid: number): number | undefined;
  /** Whether a thread has been killed and only waits for an answer to end. A signal it would handle is not meant. */
  isDying(tid: number): boolean;
}

/** Processes as the kernel knows them. */
export const clientProcesses: ClientProcesses = { hold, processOf, isDying };

function hold(tid: number): ClientProcess {
  const pid = processOf(tid);
  const fd = pid === undefined ? undefined : openProcess(pid);
  if (pid === undefined || fd === undefined) throw new ErrnoError(errno.EIO, "open", "head/watch");
  return {
    pid,
    fd,
    alive: () => !hasEnded(fd),
    signal: (signal) => void pidfdSendSignal(fd, signal),
    [Symbol.dispose]: () => close(fd),
  };
}

function processOf(tid: number): number | undefined {
  const value = statusField(tid, /^Tgid:\s*(\d+)$/m);
  return value === undefined ? undefined : Number(value);
}

// The kernel gives SIGKILL to every thread of a process that ends by a signal without a core dump.
function isDying(tid: number): boolean {
  const pending = statusField(tid, /^SigPnd:\s*([0-9a-f]+)$/m);
  return pending !== undefined && (BigInt(`0x${pending}`) & sigkillBit) !== 0n;
}

const sigkillBit = 1n << 8n;

function statusField(tid: number, line: RegExp): string | undefined {
  if (tid === 0) return undefined;
  try {
    return line.exec(readFileSync(`/proc/${tid}/status`, "latin1"))?.[1];
  } catch {
    return undefined;
  }
}

function openProcess(pid: number): number | undefined {
  try {
    return pidfdOpen(pid);
  } catch (error) {
    if (error instanceof ErrnoError && error.code === "ESRCH") return undefined;
    throw error;
  }
}

function hasEnded(pidfd: number): boolean {
  const set = new PollSet(1);
  set.add(pidfd, POLLIN);
  return poll(set, 0) > 0;
}
