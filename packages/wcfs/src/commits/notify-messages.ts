/** What the serve thread and the notify thread tell each other. */
import type { PlacedPiece } from "../blocks/piece.ts";
import { isInFile } from "../blocks/piece.ts";
import type { CommitJob, FileRange, StoreJob } from "./kernel-cache.ts";

/** Pieces as they are sent: four numbers each, because thousands of small objects would be slow to copy. */
export interface PackedPieces {
  /** For each piece: at, length, then fd and offset; or -1 and the index into `bytes`. */
  readonly table: Float64Array;
  readonly bytes: readonly Uint8Array[];
}

/** A job for one block, as it is sent. */
export interface PackedStore {
  readonly offset: number;
  readonly length: number;
  readonly pieces: PackedPieces;
}

/** A changed part, as it is sent. */
export interface PackedRange extends FileRange {
  readonly old: (PackedStore & { readonly path: string }) | undefined;
  readonly fresh: PackedStore | undefined;
}

/** A commit's job, as it is sent. */
export interface PackedCommit {
  readonly ranges: readonly PackedRange[];
  readonly attributes: readonly number[];
}

/** To the notify thread. */
export type NotifyRequest =
  | ({ readonly kind: "store"; readonly id: number; readonly node: number } & PackedStore)
  | { readonly kind: "quiesce"; readonly id: number }
  | { readonly kind: "find-cached"; readonly id: number; readonly ranges: readonly FileRange[] }
  | ({ readonly kind: "commit"; readonly id: number } & PackedCommit)
  | { readonly kind: "stop" };

/** From the notify thread. `ended`: the connection is gone, nothing else was done. */
export type NotifyReport =
  | { readonly kind: "ready"; readonly inbox: SharedArrayBuffer }
  | { readonly kind: "done"; readonly id: number; readonly cached?: readonly boolean[]; readonly error?: string }
  | { readonly kind: "dropped"; readonly id: number }
  | { readonly kind: "ended" };

/** Makes a job ready to be sent. */
export function packStore(job: StoreJob): PackedStore {
  return { offset: job.offset, length: job.length, pieces: packPieces(job.pieces) };
}

/** Makes a commit's job ready to be sent. */
export function packCommit(job: CommitJob): PackedCommit {
  const ranges = job.ranges.map(({ old, fresh, ...range }) => ({
    ...range,
    old: old === undefined ? undefined : { ...packStore(old), path: old.path },
    fresh: fresh === undefined ? undefined : packStore(fresh),
  }));
  return { ranges, attributes: job.attributes };
}

function packPieces(pieces: readonly PlacedPiece[]): PackedPieces {
  const table = new Float64Array(4 * pieces.length);
  const bytes: Uint8Array[] = [];
  pieces.forEach(({ at, piece }, i) => {
    const where = isInFile(piece) ? [piece.fd, piece.offset] : [-1, bytes.push(piece.bytes) - 1];
    table.set([at, piece.length, ...where], 4 * i);
  });
  return { table, bytes };
}

/** The pieces of a message. */
export function unpackPieces({ table, bytes }: PackedPieces): PlacedPiece[] {
  return Array.from({ length: table.length / 4 }, (_, i) => {
    const [at = 0, length = 0, fd = 0, offset = 0] = table.subarray(4 * i, 4 * i + 4);
    return { at, piece: fd < 0 ? { bytes: bytes[offset] ?? new Uint8Array(length), length } : { fd, offset, length } };
  });
}
