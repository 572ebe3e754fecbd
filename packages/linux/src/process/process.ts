import { check, checkRestarting, libc } from "../ffi/libc.ts";

const setsidNative = libc("int setsid()");
const getsidNative = libc("int getsid(int pid)");
const setpgidNative = libc("int setpgid(int pid, int group)");
const getpgidNative = libc("int getpgid(int pid)");
const gettidNative = libc("int gettid()");
const killNative = libc("int kill(int pid, int signal)");
const waitpidNative = libc("int waitpid(int pid, void *status, int options)");
const unshareNative = libc("int unshare(int flags)");

/** Own mount table; implies a current directory and umask of the thread's own. */
export const CLONE_NEWNS = 0x00020000;
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWPID = 0x20000000;
export const CLONE_NEWNET = 0x40000000;

/** How a child ended. */
export interface ChildEnd {
  readonly pid: number;
  /** Exit code, undefined when a signal ended it. */
  readonly code: number | undefined;
  /** Number of the signal that ended it. */
  readonly signal: number | undefined;
}

/** setsid(2): a new session and process group, without a terminal. EPERM for a group leader. */
export function setsid(): number {
  return check(setsidNative(), "setsid");
}

/** getsid(2): session of a process; 0 means the caller. */
export function getsid(pid = 0): number {
  return check(getsidNative(pid), "getsid");
}

/** setpgid(2). */
export function setpgid(pid: number, group: number): void {
  check(setpgidNative(pid, group), "setpgid");
}

/** getpgid(2): process group of a process; 0 means the caller. */
export function getpgid(pid = 0): number {
  return check(getpgidNative(pid), "getpgid");
}

/** gettid(2): the kernel's number of the calling thread. */
export function gettid(): number {
  return gettidNative();
}

/** kill(2) by number; also real-time signals, which Node has no names for. A negative pid means a process group. */
export function kill(pid: number, signal: number): void {
  check(killNative(pid, signal), "kill");
}

/**
 * waitpid(2) with WNOHANG: takes the end of one child, if it has ended. For children this process adopted as
 * sub-reaper: Node waits for those it spawned itself, and must be left to.
 *
 * @returns undefined while the child runs
 * @throws ErrnoError ECHILD when `pid` is no child of this process
 */
export function tryWaitpid(pid: number): ChildEnd | undefined {
  const status = new Int32Array(1);
  const ended = checkRestarting(() => waitpidNative(pid, status, 1), "waitpid");
  if (ended === 0) return undefined;
  const word = status[0] ?? 0;
  const signal = word & 0x7f;
  return { pid: ended, code: signal === 0 ? (word >> 8) & 0xff : undefined, signal: signal === 0 ? undefined : signal };
}

/** unshare(2) of the calling *thread*: other threads keep the old namespaces. @param flags  CLONE_NEW… */
export function unshare(flags: number): void {
  check(unshareNative(flags), "unshare");
}
