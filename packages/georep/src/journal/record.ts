import { crc32 } from "node:zlib";

import type { FileId } from "../ids/file-id.ts";

/** What is known to have happened; several may be joined by `|`. */
export const dirty = {
  /** The name came, went, or stands for something else. */
  entry: 1,
  data: 2,
  metadata: 4,
  /** Changes may have been missed: the directory and all below it have to be compared. */
  gap: 8,
} as const;

/** One thing that is to be looked at. */
export interface DirtyRecord {
  /** Sum of {@link dirty}. */
  readonly kinds: number;
  readonly directory: FileId;
  /** Empty: the directory itself. */
  readonly name: Buffer;
  /** The object itself, where the source of changes knows it; otherwise empty. */
  readonly object: FileId;
}

/** Bytes before a record's payload: `u32 length, u32 crc32`. */
export const recordHeader = 8;

/** Appends the encoded form of a record. */
export function encodeRecord({ kinds, directory, name, object }: DirtyRecord): Buffer {
  const length = 4 + directory.length + name.length + object.length;
  const bytes = Buffer.allocUnsafe(recordHeader + length);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt8(kinds, 8);
  bytes.writeUInt8(directory.length, 9);
  bytes.writeUInt8(name.length, 10);
  bytes.writeUInt8(object.length, 11);
  bytes.set(directory, 12);
  bytes.set(name, 12 + directory.length);
  bytes.set(object, 12 + directory.length + name.length);
  bytes.writeUInt32LE(crc32(bytes.subarray(recordHeader)), 4);
  return bytes;
}

/** The record at an offset, and where the next one begins; undefined where the bytes are no whole record. */
export function decodeRecord(bytes: Buffer, at: number): { record: DirtyRecord; next: number } | undefined {
  if (at + recordHeader > bytes.length) return undefined;
  const end = at + recordHeader + bytes.readUInt32LE(at);
  if (end > bytes.length || end < at + recordHeader + 4) return undefined;
  const payload = bytes.subarray(at + recordHeader, end);
  if (crc32(payload) !== bytes.readUInt32LE(at + 4)) return undefined;
  const [kinds = 0, directoryLength = 0, nameLength = 0, objectLength = 0] = payload;
  if (payload.length !== 4 + directoryLength + nameLength + objectLength) return undefined;
  const nameAt = 4 + directoryLength;
  const record = {
    kinds,
    directory: payload.subarray(4, nameAt),
    name: payload.subarray(nameAt, nameAt + nameLength),
    object: payload.subarray(nameAt + nameLength),
  };
  return { record, next: end };
}
