import type { LibraryHandle } from "koffi";

import { ErrnoError } from "../errno/errno-error.ts";
import { loadKoffi } from "./load-koffi.ts";

/** An address in this process, as koffi returns and takes it. */
export type Address = number | bigint;

/**
 * Memory handed to a system call: bytes (also of a SharedArrayBuffer, in place, never copied), an address, or NULL. The
 * caller sees to it that the memory is large enough: nothing below checks it.
 */
export type Pointer = NodeJS.TypedArray | Address | null;

/** What a libc function takes. */
export type NativeArgument = Pointer;

/** A libc function whose result is an integer. */
export type NativeFunction = (...args: NativeArgument[]) => number;

let library: LibraryHandle | undefined;

/**
 * Declares a libc function; it is looked up on its first call.
 *
 * @param definition  C prototype in koffi's type names: there is no `ssize_t` (use `int64_t`) and no bare `unsigned`
 * (use `uint32_t`)
 * @param onFound  told of the function itself when it was looked up: hot loops call that, as the engine makes a call whose
 * target it knows a faster one
 */
export function libc(definition: string, onFound?: (native: NativeFunction) => void): NativeFunction {
  let native: NativeFunction | undefined;
  return (...args) => {
    if (native === undefined) {
      native = (library ??= loadKoffi().load("libc.so.6")).func(definition) as NativeFunction;
      onFound?.(native);
    }
    return native(...args);
  };
}

/** The calling thread's errno. Only meaningful straight after a call that failed. */
export function lastErrno(): number {
  return loadKoffi().errno();
}

/**
 * Turns the C convention (-1 and errno) into an exception.
 *
 * @returns the result itself if it is not negative
 */
export function check(result: number, syscall: string, path?: string | Uint8Array): number {
  if (result < 0) throw new ErrnoError(lastErrno(), syscall, path);
  return result;
}

/** Turns the C convention (-1 and errno) into the kernel's: the result, or the negated error number. */
export function orNegatedErrno(result: number): number {
  return result < 0 ? -lastErrno() : result;
}

/**
 * As {@link check} for calls that may be interrupted by a signal handler before they did anything: EINTR starts them
 * again.
 */
export function checkRestarting(call: () => number, syscall: string, path?: string | Uint8Array): number {
  for (;;) {
    const result = call();
    if (result >= 0) return result;
    const number = lastErrno();
    if (number !== EINTR) throw new ErrnoError(number, syscall, path);
  }
}

const EINTR = 4;
