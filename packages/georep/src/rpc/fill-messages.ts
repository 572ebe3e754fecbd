import type { FileId } from "../ids/file-id.ts";
import { maxIdBytes } from "../ids/file-id.ts";
import { isRegular } from "../tree/object-state.ts";
import { maxInline, maxName } from "./messages.ts";
import { malformed, type WireReader, type WireWriter } from "./wire.ts";

/** Most files of one `fill`. */
export const maxFilled = 4000;

/**
 * A small file with one name and no attributes, for a directory in which the destination has nothing. Its bytes may be those of the message it came
 * in, and be used again when that is done with.
 */
export interface NewFile {
  readonly id: FileId;
  /** With its terminating NUL. */
  readonly cName: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  /** 0 when a later change might not show in it. */
  readonly ctime: bigint;
  readonly content: Buffer;
}

export function writeNewFile(to: WireWriter, file: NewFile): void {
  to.u8(1).bytes(file.id).bytes(file.cName).u32(file.mode).u32(file.uid).u32(file.gid);
  to.i64(file.mtime).i64(file.ctime).bytes(file.content);
}

export function endNewFiles(to: WireWriter): void {
  to.u8(0);
}

/** The next of the files; undefined when all were read. Bytes are the message's own. */
export function readNewFile(from: WireReader): NewFile | undefined {
  if (!from.bool()) return undefined;
  const [id, cName] = [from.bytes(maxIdBytes, 1), checkedName(from.bytes(maxName + 1, 2))];
  const [mode, uid, gid] = [from.u32(), from.u32(), from.u32()];
  if (!isRegular(mode) || mode > 0o177777) throw malformed("a new file that is none");
  return { id, cName, mode, uid, gid, mtime: from.i64(), ctime: from.i64(), content: from.bytes(maxInline) };
}

const slash = 0x2f;
const dot = 0x2e;

// A loop, as two calls of `includes` for each of many short names take longer.
function checkedName(cName: Buffer): Buffer {
  const end = cName.length - 1;
  if (cName[end] !== 0) throw malformed("a name without its end");
  for (let at = 0; at < end; at++)
    if (cName[at] === slash || cName[at] === 0) throw malformed("a name with a slash or NUL");
  if (cName[0] === dot && (end === 1 || (end === 2 && cName[1] === dot))) throw malformed("a name that is . or ..");
  return cName;
}

/** Indexes of files that could not be made so, and are to be told of one by one. */
export function writeLeft(to: WireWriter, left: readonly number[]): void {
  to.list(left, (each, index) => each.u32(index));
}

export function readLeft(from: WireReader): number[] {
  return from.list(maxFilled, (each) => each.u32());
}
