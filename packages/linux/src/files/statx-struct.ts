import { libc } from "../ffi/libc.ts";
import { FixedMemory } from "../memory/fixed-memory.ts";

export let statxNative = libc(
  "int statx(int dirfd, void *path, int flags, uint32_t mask, void *result)",
  (found) => (statxNative = found),
);

/** `struct statx`, one for all calls: it is decoded before anything else runs, and making one costs more than the call. */
export const structMemory = new FixedMemory(256);
export const struct = structMemory.bytes;

/** The path that is the open file itself, with AT_EMPTY_PATH. */
export const itself = new FixedMemory(1);

const words = new Uint32Array(struct.buffer, struct.byteOffset, 64);
const view = new DataView(struct.buffer, struct.byteOffset, struct.byteLength);
const longs = new BigInt64Array(struct.buffer, struct.byteOffset, 32);

/** The 32 bits at `4 * index`. */
export function word(index: number): number {
  return words[index] ?? 0;
}

/** The 64 bits at `8 * index`. */
export function long(index: number): bigint {
  return longs[index] ?? 0n;
}

/** The `struct statx_timestamp` at `8 * index`, see {@link timeAt}. */
export const time = (index: number): bigint => timeAt(view, 8 * index);

/** Beyond, nanoseconds do not fit into 64 bits. */
const mostSeconds = 9_223_372_035;
const [earliest, latest] = [-(2n ** 63n), 2n ** 63n - 1n];

/**
 * A time of 64 bits of seconds and 32 of nanoseconds, in nanoseconds since 1970. One that does not fit into 64 bits, before 1678 or after 2262, is the
 * first or the last that does: file systems keep such times, messages and databases do not.
 */
export function timeAt(bytes: DataView, at: number): bigint {
  const seconds = bytes.getInt32(at + 4, true) * 2 ** 32 + bytes.getUint32(at, true);
  if (seconds > mostSeconds) return latest;
  if (seconds < -mostSeconds) return earliest;
  return BigInt(seconds) * 1_000_000_000n + BigInt(bytes.getUint32(at + 8, true));
}
