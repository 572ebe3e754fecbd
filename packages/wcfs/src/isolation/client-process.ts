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
  const value = statusField(readStatus(tid) ?? "", "Tgid");
  return value === undefined ? undefined : Number(value);
}

/**
 * The kernel gives SIGKILL at once to every thread of a process that ends by a signal; by one with a core dump only when some
 * thread has taken the signal, which a thread in the kernel cannot.
 */
function isDying(tid: number): boolean {
  const status = readStatus(tid);
  if (status === undefined) return false;
  const signals = (name: string) => BigInt(`0x${statusField(status, name) ?? "0"}`);
  if ((signals("SigPnd") & sigkill) !== 0n) return true;
  const survived = signals("SigBlk") | signals("SigIgn") | signals("SigCgt");
  return ((signals("SigPnd") | signals("ShdPnd")) & dumping & ~survived) !== 0n;
}

const sigkill = bits(9);
// SIGQUIT, ILL, TRAP, ABRT, BUS, FPE, SEGV, XCPU, XFSZ, SYS.
const dumping = bits(3, 4, 5, 6, 7, 8, 11, 24, 25, 31);

function bits(...signals: readonly number[]): bigint {
  return signals.reduce((set, signal) => set | (1n << BigInt(signal - 1)), 0n);
}

function readStatus(tid: number): string | undefined {
  if (tid === 0) return undefined;
  try {
    return readFileSync(`/proc/${tid}/status`, "latin1");
  } catch {
    return undefined;
  }
}

function statusField(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1];
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
