import { timeAt, timeBytes } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { newFillMemory } from "../plan/fill-plan.ts";
import { fileHead, FillReader, FillWriter, type ContentSlot } from "../rpc/fill-messages.ts";
import { readId } from "../rpc/messages.ts";
import { WireReader } from "../rpc/wire.ts";

/** A file of a `fill`, as tests speak of it. */
export interface NewFile {
  readonly id: FileId;
  /** With its NUL. */
  readonly cName: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  readonly ctime: bigint;
  readonly content: Buffer;
}

/** The message that tells of these files. @param slot  where it says that contents lie; they are not put there */
export function fillOf(directory: FileId, files: readonly NewFile[], slot?: ContentSlot): Buffer {
  const writer = new FillWriter(newFillMemory(), directory, slot);
  const { bytes } = writer.memory;
  for (const file of files) {
    const { at } = writer;
    putTime(bytes, at + fileHead.mtime, file.mtime);
    putTime(bytes, at + fileHead.ctime, file.ctime);
    const content = slot === undefined ? file.content : Buffer.alloc(0);
    Buffer.concat([file.id, file.cName, content]).copy(bytes, at + fileHead.bytes);
    writer.take(file, file.id.length, file.cName.length, file.content.length);
  }
  return writer.finish();
}

/** What a message tells. */
export function filesOf(message: Buffer): NewFile[] {
  const request = new WireReader(message);
  readId(request);
  const reader = new FillReader(request);
  const files: NewFile[] = [];
  while (reader.next()) {
    const { bytes, view, start, nameEnd, id, cName, mode, uid, gid, size } = reader;
    const content = bytes.subarray(nameEnd, nameEnd + size);
    const times = { mtime: timeAt(view, start + fileHead.mtime), ctime: timeAt(view, start + fileHead.ctime) };
    files.push({ id, cName, mode, uid, gid, ...times, content });
  }
  return files;
}

const billion = 1_000_000_000n;

function putTime(memory: Buffer, at: number, time: bigint): void {
  const nanoseconds = ((time % billion) + billion) % billion;
  memory.writeBigInt64LE((time - nanoseconds) / billion, at);
  memory.writeUInt32LE(Number(nanoseconds), at + timeBytes - 4);
}
