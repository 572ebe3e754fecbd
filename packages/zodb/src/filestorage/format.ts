/**
 * The bytes of a FileStorage: `magic(4)`, then transactions back to back. All integers are big-endian.
 *
 * A transaction is a header, data records, and its length once more, so that the file can be walked backwards.
 */

/** Written by Python 3. */
export const MAGIC_PY3 = "FS30";
/** Written by Python 2; otherwise the same. A writer keeps what it finds. */
export const MAGIC_PY2 = "FS21";
export const MAGIC_SIZE = 4;

/** Header of a transaction up to user, description and extension. */
export const TRANSACTION_HEADER = 23;
/** Header of a data record; data or an 8-byte back pointer follows. */
export const RECORD_HEADER = 42;
/** A back pointer, and the length after a transaction. */
export const U64 = 8;

/** Offsets inside a transaction header. */
export const T = { tid: 0, length: 8, status: 16, user: 17, description: 19, extension: 21 } as const;
/** Offsets inside a data record. */
export const R = { oid: 0, tid: 8, prev: 16, transaction: 24, version: 32, length: 34, data: 42 } as const;

/** Status characters of a transaction. */
export const STATUS = {
  finished: 0x20,
  packed: 0x70,
  /** Legacy: all its records are void. */
  undone: 0x75,
  /** Voted and not finished: only the last one can be. */
  inProgress: 0x63,
} as const;

/** Whether a status is one of those a finished transaction has. */
export function isFinished(status: number): boolean {
  return status === STATUS.finished || status === STATUS.packed || status === STATUS.undone;
}

/**
 * A 64-bit file offset or length as a number. What no file can reach comes out as Infinity, so that every check against the
 * size of the file refuses it.
 */
export function offsetAt(view: DataView, at: number): number {
  const high = view.getUint32(at);
  return high < 0x20_0000 ? high * 0x1_0000_0000 + view.getUint32(at + 4) : Infinity;
}

/** Writes a 64-bit file offset or length. */
export function putOffset(view: DataView, at: number, offset: number): void {
  view.setUint32(at, Math.floor(offset / 0x1_0000_0000));
  view.setUint32(at + 4, offset >>> 0);
}
