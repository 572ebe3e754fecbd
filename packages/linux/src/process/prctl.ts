import { cString } from "../ffi/c-string.ts";
import { check, libc, type NativeArgument } from "../ffi/libc.ts";

const prctlNative = libc("int prctl(int option, uintptr_t arg2, uintptr_t arg3, uintptr_t arg4, uintptr_t arg5)");
const prctlPointerNative = libc("int prctl(int option, void *arg2, uintptr_t arg3, uintptr_t arg4, uintptr_t arg5)");

export const PR_SET_PDEATHSIG = 1;
export const PR_GET_PDEATHSIG = 2;
export const PR_GET_DUMPABLE = 3;
export const PR_SET_DUMPABLE = 4;
export const PR_SET_NAME = 15;
export const PR_GET_NAME = 16;
export const PR_SET_CHILD_SUBREAPER = 36;
export const PR_GET_CHILD_SUBREAPER = 37;
export const PR_SET_NO_NEW_PRIVS = 38;
export const PR_GET_NO_NEW_PRIVS = 39;

/** prctl(2) with arguments that are numbers. */
export function prctl(option: number, ...args: [number?, number?, number?, number?]): number {
  const all: NativeArgument[] = [args[0] ?? 0, args[1] ?? 0, args[2] ?? 0, args[3] ?? 0];
  return check(prctlNative(option, ...all), "prctl");
}

/**
 * PR_SET_PDEATHSIG: the kernel sends this process a signal when the *thread* that started it ends; 0 takes that back. A
 * parent that ended before the call is not told of: compare getppid afterwards.
 */
export function setParentDeathSignal(signal: number): void {
  prctl(PR_SET_PDEATHSIG, signal);
}

/** PR_SET_CHILD_SUBREAPER: orphaned descendants become children of this process instead of init's. */
export function setChildSubreaper(on: boolean): void {
  prctl(PR_SET_CHILD_SUBREAPER, on ? 1 : 0);
}

/** PR_SET_NAME: name of the calling thread in `/proc/PID/task/TID/comm`; the kernel keeps 15 bytes. */
export function setThreadName(name: string): void {
  check(prctlPointerNative(PR_SET_NAME, cString(name), 0, 0, 0), "prctl");
}

/** PR_GET_NAME: name of the calling thread. */
export function getThreadName(): string {
  const name = Buffer.alloc(16);
  check(prctlPointerNative(PR_GET_NAME, name, 0, 0, 0), "prctl");
  return name.toString("utf8", 0, name.indexOf(0));
}
