import { libc } from "../ffi/libc.ts";

export const statxNative = libc("int statx(int dirfd, void *path, int flags, uint32_t mask, void *result)");

/** `struct statx`, one for all calls: it is decoded before anything else runs, and making one costs more than the call. */
export const struct = Buffer.alloc(256);
const words = new Uint32Array(struct.buffer, struct.byteOffset, 64);
const longs = new BigInt64Array(struct.buffer, struct.byteOffset, 32);

/** The 32 bits at `4 * index`. */
export function word(index: number): number {
  return words[index] ?? 0;
}

/** The 64 bits at `8 * index`. */
export function long(index: number): bigint {
  return longs[index] ?? 0n;
}

/** The `struct statx_timestamp` at `8 * index`, in nanoseconds since 1970. */
export function time(index: number): bigint {
  return long(index) * 1_000_000_000n + BigInt(word(2 * index + 2));
}
