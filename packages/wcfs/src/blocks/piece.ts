import { ErrnoError, errno, preadRaw } from "@belay/linux";

/** Bytes that lie in a file which is open and never changes there: the database's. */
export interface FilePiece {
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
}

/** Bytes that had to be decoded, so they are here. */
export interface MemoryPiece {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** A run of bytes of a block. */
export type Piece = FilePiece | MemoryPiece;

/** A piece and where it lies in its block. */
export interface PlacedPiece {
  readonly at: number;
  readonly piece: Piece;
}

/** Tells where the bytes are. */
export function isInFile(piece: Piece): piece is FilePiece {
  return "fd" in piece;
}

/** Bytes of the heap that keeping the piece costs, roughly. */
export function pieceWeight(piece: Piece): number {
  return isInFile(piece) ? 64 : 96 + piece.length;
}

/**
 * Fills all of `target` from the piece's byte `from` on.
 *
 * @throws ErrnoError EIO when the file ends before: it was cut off under us
 */
export function readPiece(piece: Piece, target: Uint8Array, from: number): void {
  if (isInFile(piece)) preadAll(piece.fd, target, piece.offset + from);
  else target.set(piece.bytes.subarray(from, from + target.length));
}

/** pread(2) until `target` is full. @throws ErrnoError; EIO at an early end of the file */
export function preadAll(fd: number, target: Uint8Array, offset: number): void {
  let done = 0;
  while (done < target.length) {
    const rest = done === 0 ? target : target.subarray(done);
    const got = preadRaw(fd, rest, rest.length, offset + done);
    if (got === -errno.EINTR) continue;
    if (got <= 0) throw new ErrnoError(got === 0 ? errno.EIO : -got, "pread");
    done += got;
  }
}
