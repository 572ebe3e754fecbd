/** Keeps the last bytes of a stream. */
export interface RingBuffer {
  /** Bytes ever pushed. */
  readonly total: number;
  push(bytes: Uint8Array): void;
  /** What is kept, oldest first; a copy. */
  contents(): Buffer;
}

/** @param capacity  bytes to keep; memory is only taken as it fills */
export function createRingBuffer(capacity: number): RingBuffer {
  let chunks: Uint8Array[] = [];
  let kept = 0;
  let total = 0;
  const contents = () => {
    const all = Buffer.concat(chunks);
    return all.subarray(Math.max(0, all.length - capacity));
  };
  return {
    get total() {
      return total;
    },
    push(bytes) {
      chunks.push(bytes);
      kept += bytes.length;
      total += bytes.length;
      // Cut at twice the capacity, so that a byte is copied once on average and not at every push.
      if (kept < 2 * capacity) return;
      const last = contents();
      chunks = [last];
      kept = last.length;
    },
    contents,
  };
}
