import { addressOf, timeBytes, type FixedMemory } from "@belay/linux";

import { maxIdBytes, type FileId } from "../ids/file-id.ts";
import { viewOf } from "../ids/id-hash.ts";
import { isRegular } from "../tree/object-state.ts";
import { maxInline, maxName } from "./messages.ts";
import { endsTooEarly, goesOn, malformed, neitherOfBoth, WireWriter, type WireReader } from "./wire.ts";

/** Most files of one `fill`. */
export const maxFilled = 4000;

/**
 * How a small file with one name and no attributes stands in a `fill`, for a directory in which the destination has nothing: a head of fixed length,
 * its id, its name with a NUL, its content. Most of a first copy goes so; both ends put it together and take it apart in place, without an object
 * for each. Contents may lie one after the other in memory that both ends have, instead; before the first file it is said where.
 *
 * `mark` is 1 before each file, 0 behind the last. Times are as in {@link timeBytes}; a ctime of zeros: a later change might not show in it.
 */
export const fileHead = {
  mark: 0,
  idLength: 1,
  nameLength: 2,
  mode: 4,
  uid: 8,
  gid: 12,
  size: 16,
  mtime: 20,
  ctime: 20 + timeBytes,
  bytes: 20 + 2 * timeBytes,
} as const;

/** Contents of the files of one `fill`, at most, in bytes: whole pages. */
export const mostContents = 512 * 1024 + maxInline;

/** Stands for where contents lie: each in the message, behind its name. */
const inMessage = 0xffff_ffff;

/** Room for the contents of one `fill`, in memory that the receiving end has, too. */
export interface ContentSlot {
  /** Where it begins in that memory. */
  readonly offset: number;
  /** Where it begins in ours. */
  readonly address: number;
}

/** The same memory at the receiving end. */
export interface MappedContents {
  readonly address: number;
  /** Bytes. */
  readonly length: number;
}

/** What a file takes in a message besides its content, at most. */
export const mostOverhead = fileHead.bytes + maxIdBytes + maxName + 1;

/** Owner and mode of a file. */
export interface OwnerAndMode {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Puts a `fill` together, in memory that has room for all of it. Where the next file's parts lie is told, so that they can be written there. */
export class FillWriter {
  readonly memory: FixedMemory;
  readonly #slot: ContentSlot | undefined;
  readonly #view: DataView;
  #at: number;
  #contents = 0;

  /** @param slot  where contents are to lie; undefined: in the message */
  constructor(memory: FixedMemory, directory: FileId, slot?: ContentSlot) {
    this.memory = memory;
    this.#slot = slot;
    this.#view = viewOf(memory.bytes);
    const writer = new WireWriter(memory.bytes).bytes(directory).u32(slot?.offset ?? inMessage);
    this.#at = writer.finish().length;
  }

  /** Where the next file begins. */
  get at(): number {
    return this.#at;
  }

  /**
   * Address of room for the next file's content.
   *
   * @param at  where it lies if it is part of the message
   * @throws RangeError when there is no room
   */
  contentRoom(at: number, size: number): number {
    if (this.#slot === undefined) return this.memory.room(at, size);
    if (this.#contents + size > mostContents) throw new RangeError(`no room for ${size} bytes`);
    return this.#slot.address + this.#contents;
  }

  /** Bytes of contents that do not lie in the message. */
  get beside(): number {
    return this.#slot === undefined ? 0 : this.#contents;
  }

  /** Takes the next file, whose times, id, name and content are in their places. */
  take(file: OwnerAndMode, idLength: number, nameLength: number, size: number): void {
    const [view, at] = [this.#view, this.#at];
    view.setUint8(at + fileHead.mark, 1);
    view.setUint8(at + fileHead.idLength, idLength);
    view.setUint16(at + fileHead.nameLength, nameLength, true);
    view.setUint32(at + fileHead.mode, file.mode, true);
    view.setUint32(at + fileHead.uid, file.uid, true);
    view.setUint32(at + fileHead.gid, file.gid, true);
    view.setUint32(at + fileHead.size, size, true);
    this.#at = at + fileHead.bytes + idLength + nameLength + (this.#slot === undefined ? size : 0);
    this.#contents += size;
  }

  /** Ends the message. */
  finish(): Buffer {
    this.memory.bytes[this.#at] = 0;
    return this.memory.bytes.subarray(0, this.#at + 1);
  }
}

/** Reads the files of a `fill`, one at a time: its fields are those of the one that {@link next} came to. */
export class FillReader implements OwnerAndMode {
  /** The message; bytes of a file may be those of the next message when this one is done with. */
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly #address: number;
  readonly #isInMessage: boolean;
  /** Where the contents that lie elsewhere end. */
  readonly #contentsEnd: number;
  /** Where the next file begins. */
  #next = 0;
  /** Where the file begins, its id, its name, and where that ends. */
  start = 0;
  idAt = 0;
  nameAt = 0;
  nameEnd = 0;
  /** Where its content lies in memory; nothing is known of what is there. */
  contentAddress = 0;
  mode = 0;
  uid = 0;
  gid = 0;
  size = 0;

  /**
   * @param request  all that is left of it
   * @param shared  memory that contents may lie in
   * @throws BelayError EPROTO
   */
  constructor(request: WireReader, shared?: MappedContents) {
    const offset = request.u32();
    this.#isInMessage = offset === inMessage;
    if (!this.#isInMessage) {
      if (shared === undefined || offset > shared.length) throw malformed("contents where no memory is shared");
      this.contentAddress = shared.address + offset;
    }
    this.#contentsEnd = shared === undefined ? 0 : shared.address + shared.length;
    this.bytes = request.rest();
    this.view = viewOf(this.bytes);
    this.#address = addressOf(this.bytes);
  }

  /** Goes to the next file. @returns false behind the last @throws BelayError EPROTO */
  next(): boolean {
    const { view } = this;
    const start = this.#next;
    if (start >= view.byteLength) throw endsTooEarly();
    const mark = view.getUint8(start);
    if (mark === 0) {
      if (start + 1 !== view.byteLength) throw goesOn(view.byteLength - start - 1);
      return false;
    }
    if (mark !== 1) throw neitherOfBoth(mark);
    if (start + fileHead.bytes > view.byteLength) throw endsTooEarly();
    const idLength = view.getUint8(start + fileHead.idLength);
    const nameLength = view.getUint16(start + fileHead.nameLength, true);
    if (!this.#isInMessage) this.contentAddress += this.size; // behind that of the file before it
    this.start = start;
    this.mode = view.getUint32(start + fileHead.mode, true);
    this.uid = view.getUint32(start + fileHead.uid, true);
    this.gid = view.getUint32(start + fileHead.gid, true);
    this.size = view.getUint32(start + fileHead.size, true);
    this.idAt = start + fileHead.bytes;
    this.nameAt = this.idAt + idLength;
    this.nameEnd = this.nameAt + nameLength;
    if (idLength < 1 || idLength > maxIdBytes) throw malformed(`an id of ${idLength} bytes`);
    if (nameLength < 2 || nameLength > maxName + 1) throw malformed(`a name of ${nameLength} bytes`);
    if (this.size > maxInline) throw malformed(`a file of ${this.size} bytes`);
    this.#placeContent();
    if (this.#next > view.byteLength) throw endsTooEarly();
    if (!isRegular(this.mode) || this.mode > 0o177777) throw malformed("a new file that is none");
    checkTime(view, start + fileHead.mtime);
    checkTime(view, start + fileHead.ctime);
    checkName(this.bytes, this.nameAt, this.nameEnd - 1);
    return true;
  }

  #placeContent(): void {
    if (this.#isInMessage) {
      this.#next = this.nameEnd + this.size;
      this.contentAddress = this.#address + this.nameEnd;
      return;
    }
    this.#next = this.nameEnd;
    if (this.contentAddress + this.size > this.#contentsEnd) throw malformed("contents beyond what is shared");
  }

  /** Its id: bytes of the message. */
  get id(): FileId {
    return this.bytes.subarray(this.idAt, this.nameAt);
  }

  /** Its name with the NUL: bytes of the message. */
  get cName(): Buffer {
    return this.bytes.subarray(this.nameAt, this.nameEnd);
  }

  /** Where {@link cName} lies in memory. */
  get nameAddress(): number {
    return this.#address + this.nameAt;
  }
}

function checkTime(view: DataView, at: number): void {
  if (view.getUint32(at + 8, true) >= 1_000_000_000) throw malformed("a time with a second or more of nanoseconds");
}

const slash = 0x2f;
const dot = 0x2e;

/** @param end  where its NUL belongs */
function checkName(bytes: Buffer, start: number, end: number): void {
  if (bytes[end] !== 0) throw malformed("a name without its end");
  for (let at = start; at < end; at++)
    if (bytes[at] === slash || bytes[at] === 0) throw malformed("a name with a slash or NUL");
  const length = end - start;
  if (bytes[start] === dot && (length === 1 || (length === 2 && bytes[start + 1] === dot)))
    throw malformed("a name that is . or ..");
}

/** Indexes of files that could not be made so, and are to be told of one by one. */
export function writeLeft(to: WireWriter, left: readonly number[]): void {
  to.list(left, (each, index) => each.u32(index));
}

export function readLeft(from: WireReader): number[] {
  return from.list(maxFilled, (each) => each.u32());
}
