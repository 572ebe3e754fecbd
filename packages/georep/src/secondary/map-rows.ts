import type { SQLOutputValue } from "node:sqlite";

import { blobOf } from "../database/blob-of.ts";
import { keyOf, type FileId } from "../ids/file-id.ts";

/** What is known of an object of the source at the destination. */
export interface MappedObject {
  /** Its id at the source. */
  readonly id: FileId;
  /** Id of the file or directory here that stands for it. */
  readonly here: FileId;
  readonly mode: number;
  /** Of the source, when last applied; size -1 while its content is not what it has to be. */
  readonly size: number;
  readonly mtime: bigint;
  /** 0 when a later change might not show in it. */
  readonly ctime: bigint;
  /** ctime of what stands for it here, after we last touched it: another one tells of somebody else's change. */
  readonly hereCtime: bigint;
}

/** What is known of one name of a directory. */
export interface MappedChild {
  readonly object: MappedObject;
  /** Its name, by `keyOf`. */
  readonly name: string;
}

/** Where an object is found in the tables. */
export interface MappedRow {
  readonly num: number;
  readonly here: FileId;
}

/** A name of an object. */
export interface MappedName {
  readonly parent: FileId;
  readonly name: Buffer;
}

/** A row of `namesOf` or `sparedOf`. */
export const toName = (row: Record<string, SQLOutputValue>): MappedName => ({
  parent: blobOf(row["parent"]),
  name: blobOf(row["name"]),
});

/** A row of `objects`. */
export function toObject(row: Record<string, SQLOutputValue> | undefined): MappedObject | undefined {
  return (
    row && {
      id: blobOf(row["id"]),
      here: blobOf(row["here"]),
      mode: Number(row["mode"]),
      size: Number(row["size"]),
      mtime: row["mtime"] as bigint,
      ctime: row["ctime"] as bigint,
      hereCtime: row["here_ctime"] as bigint,
    }
  );
}

/** A row of `childrenSql`. */
export function toChild(row: readonly SQLOutputValue[]): MappedChild {
  const [joined, nameLength, idLength, mode, size, mtime, ctime, hereCtime] = row;
  const blobs = blobOf(joined);
  const idAt = Number(nameLength);
  const hereAt = idAt + Number(idLength);
  const ids = { id: blobs.subarray(idAt, hereAt), here: blobs.subarray(hereAt) };
  const times = { mtime: mtime as bigint, ctime: ctime as bigint, hereCtime: hereCtime as bigint };
  return { name: keyOf(blobs.subarray(0, idAt)), object: { ...ids, mode: Number(mode), size: Number(size), ...times } };
}
