const zeros = Buffer.alloc(64 * 1024);

/** Length of the data without its trailing zero bytes. */
export function lengthWithoutZeroTail(data: Uint8Array): number {
  let end = data.length;
  // Whole pieces are compared natively; a byte at a time would take milliseconds for a block of zeros.
  while (end >= zeros.length && zeros.equals(data.subarray(end - zeros.length, end))) end -= zeros.length;
  while (end > 0 && data[end - 1] === 0) end--;
  return end;
}

/** A view of the data without its trailing zero bytes: what a stored block or chunk holds. */
export function withoutZeroTail(data: Uint8Array): Uint8Array {
  return data.subarray(0, lengthWithoutZeroTail(data));
}
