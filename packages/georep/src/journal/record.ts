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
  /** What is at the destination is known to differ, whatever its times say; never in a journal. */
  renew: 16,
  /** Nobody has looked below what is there, should it be a directory; never in a journal. */
  below: 32,
  /** The destination had nothing of this name when it was asked; never in a journal. */
  absent: 64,
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

/** Records as they stand in a segment, one behind the other. */
export function encodeRecords(records: readonly DirtyRecord[]): Buffer {
  const bytes = Buffer.allocUnsafe(records.reduce((sum, record) => sum + recordHeader + payloadLength(record), 0));
  records.reduce((at, record) => writeRecord(bytes, at, record), 0);
  return bytes;
}

const payloadLength = ({ directory, name, object }: DirtyRecord) => 4 + directory.length + name.length + object.length;

function writeRecord(bytes: Buffer, at: number, record: DirtyRecord): number {
  const { kinds, directory, name, object } = record;
  const [payload, end] = [at + recordHeader, at + recordHeader + payloadLength(record)];
  bytes.writeUInt32LE(end - payload, at);
  bytes[payload] = kinds;
  bytes[payload + 1] = directory.length;
  bytes[payload + 2] = name.length;
  bytes[payload + 3] = object.length;
  bytes.set(directory, payload + 4);
  bytes.set(name, payload + 4 + directory.length);
  bytes.set(object, payload + 4 + directory.length + name.length);
  bytes.writeUInt32LE(crc32(bytes.subarray(payload, end)), at + 4);
  return end;
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
