import { loadKoffi } from "../ffi/load-koffi.ts";
import { checkRestarting, libc, orNegatedErrno } from "../ffi/libc.ts";

const readvNative = libc("int64_t readv(int fd, void *iovec, int count)");
const writevNative = libc("int64_t writev(int fd, void *iovec, int count)");
const preadvNative = libc("int64_t preadv(int fd, void *iovec, int count, int64_t offset)");

/** Largest number of pieces one call takes. */
export const IOV_MAX = 1024;

/**
 * An array of `struct iovec`, kept for many calls.
 *
 * It remembers the pieces it points to, so that the garbage collector leaves them alone while the kernel may use them.
 */
export class IoVector {
  readonly #entries: BigUint64Array;
  /** The same, by halves: a BigInt for each address and length would be garbage. */
  readonly #halves: Uint32Array;
  readonly #pieces: (NodeJS.TypedArray | undefined)[];
  #count = 0;
  #bytes = 0;

  /** @param capacity  most pieces it can hold, at most {@link IOV_MAX} */
  constructor(capacity: number) {
    this.#entries = new BigUint64Array(2 * capacity);
    this.#halves = new Uint32Array(this.#entries.buffer);
    this.#pieces = new Array<undefined>(capacity).fill(undefined);
  }

  /** Pieces added since the last {@link clear}. */
  get count(): number {
    return this.#count;
  }

  /** Pieces there is still room for. */
  get room(): number {
    return this.#pieces.length - this.#count;
  }

  /** Bytes of all pieces together. */
  get byteLength(): number {
    return this.#bytes;
  }

  /** The `struct iovec` array itself. */
  get entries(): BigUint64Array {
    return this.#entries;
  }

  /** Forgets all pieces. */
  clear(): void {
    this.#pieces.fill(undefined, 0, this.#count);
    this.#count = 0;
    this.#bytes = 0;
  }

  /** Appends one piece. @throws RangeError when the capacity is used up */
  add(piece: NodeJS.TypedArray): void {
    this.#put(Number(loadKoffi().address(piece)), piece.byteLength, piece);
  }

  /** Appends memory by its address; the caller keeps it alive. @throws RangeError when the capacity is used up */
  addAddress(address: number, length: number): void {
    this.#put(address, length, undefined);
  }

  #put(address: number, length: number, piece: NodeJS.TypedArray | undefined): void {
    if (this.#count === this.#pieces.length) throw new RangeError(`an IoVector of ${this.#count} pieces is full`);
    const at = 4 * this.#count;
    // Typed arrays take numbers modulo 2^32.
    this.#halves[at] = address;
    this.#halves[at + 1] = Math.floor(address / 0x1_0000_0000);
    this.#halves[at + 2] = length;
    this.#halves[at + 3] = Math.floor(length / 0x1_0000_0000);
    this.#bytes += length;
    this.#pieces[this.#count++] = piece;
  }
}

/** readv(2): fills the pieces in order. Restarts after EINTR. */
export function readv(fd: number, pieces: readonly NodeJS.TypedArray[]): number {
  const vector = vectorOf(pieces);
  return checkRestarting(() => readvNative(fd, vector.entries, vector.count), "readv");
}

/** writev(2): writes the pieces as one, once; the result may be less than their sum. Restarts after EINTR. */
export function writev(fd: number, pieces: readonly NodeJS.TypedArray[]): number {
  const vector = vectorOf(pieces);
  return checkRestarting(() => writevNative(fd, vector.entries, vector.count), "writev");
}

/** writev(2) for hot loops: bytes written or -errno, EINTR included. */
export function writevRaw(fd: number, vector: IoVector): number {
  return orNegatedErrno(writevNative(fd, vector.entries, vector.count));
}

/** preadv(2) for hot loops: bytes read or -errno, EINTR included. */
export function preadvRaw(fd: number, vector: IoVector, offset: number): number {
  return orNegatedErrno(preadvNative(fd, vector.entries, vector.count, offset));
}

function vectorOf(pieces: readonly NodeJS.TypedArray[]): IoVector {
  const vector = new IoVector(pieces.length);
  for (const piece of pieces) vector.add(piece);
  return vector;
}
