import { MAGIC_SIZE, offsetAt, T, TRANSACTION_HEADER, U64 } from "./format.ts";
import { readAt } from "./read-at.ts";

/**
 * Start of the transaction that ends at an offset, by the length stored behind it.
 *
 * @returns undefined when the file begins there, or no transaction with a matching length lies before
 */
export function transactionEndingAt(fd: number, end: number): number | undefined {
  if (end < MAGIC_SIZE + TRANSACTION_HEADER + U64) return undefined;
  const bytes = Buffer.alloc(TRANSACTION_HEADER);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (readAt(fd, bytes, U64, end - U64) < U64) return undefined;
  const length = offsetAt(view, 0);
  const start = end - U64 - length;
  if (length < TRANSACTION_HEADER || start < MAGIC_SIZE) return undefined;
  if (readAt(fd, bytes, TRANSACTION_HEADER, start) < TRANSACTION_HEADER) return undefined;
  return offsetAt(view, T.length) === length ? start : undefined;
}

/** Whether the file ends with a whole transaction that starts behind an offset: then what stands at the offset is damaged, not cut off. */
export function goesOnBehind(fd: number, size: number, offset: number): boolean {
  const start = transactionEndingAt(fd, size);
  return start !== undefined && start > offset;
}

/**
 * Whether a file ends with what may be the length of a transaction that starts at an offset or behind it. Where no header stands at the offset
 * this tells damage from the debris of a crash, as Python tells them apart: also what was not synced may end so, but nobody can know.
 */
export function endsLikeTransaction(fd: number, size: number, offset: number): boolean {
  const bytes = Buffer.alloc(U64);
  if (readAt(fd, bytes, U64, size - U64) < U64) return false;
  const length = offsetAt(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
  return length >= TRANSACTION_HEADER && size - length >= offset;
}
