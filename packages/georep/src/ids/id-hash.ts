/**
 * 64 bits of an id, or of other bytes, in two fields: no object is made for one, and bytes are taken four at a time, as a first copy does this for
 * each file.
 */
export class IdHash {
  low = 0;
  high = 0;

  /** @param of  what the bytes belong to, as a name does to its directory */
  take(view: DataView, start = 0, end = view.byteLength, of = 0): void {
    let [one, other] = [0x811c9dc5 ^ of, 0x9747b28c + of];
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const word = Math.imul(view.getInt32(at, true), 0xcc9e2d51);
      one = Math.imul(one ^ word ^ (word >>> 15), 0x01000193);
      other = Math.imul(other ^ (word >>> 13), 0x5bd1e995) + word;
    }
    for (; at < end; at++) {
      const byte = Math.imul(view.getUint8(at) + 1, 0xcc9e2d51);
      one = Math.imul(one ^ byte, 0x01000193);
      other = Math.imul(other ^ (byte >>> 13), 0x5bd1e995) + one;
    }
    this.low = mixed(one);
    this.high = mixed(other);
  }

  /** As {@link take}, of all the bytes. @returns itself */
  of(bytes: Uint8Array, of?: number): this {
    this.take(viewOf(bytes), 0, bytes.length, of);
    return this;
  }
}

// Ids of neighbours differ in a few bits; all of a hash has to.
function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const whole = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return (whole ^ (whole >>> 16)) >>> 0;
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
