import { closeSync, constants, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";

import { errno, ErrnoError, errnoOf } from "@belay/linux";

import { keyOf, type FileId } from "../ids/file-id.ts";

/** Bytes that are kept free for notes, so that a full disk does not keep anybody from making some. */
const room = 4096;
/** Bytes of a note before its id: the length of that (0: there are no more notes), and the value. */
const headBytes = 3;
const isVoid = 0x8000;

interface Note {
  readonly id: FileId;
  readonly value: number;
  /** Where it is in the file; undefined: there was no room for it. */
  readonly at: number | undefined;
}

/** Notes of objects that outlive their process, and the machine. */
export class DurableNotes implements Disposable {
  readonly #fd: number;
  readonly #notes = new Map<string, Note>();
  /** Places of notes that are void, by the length of their ids. */
  readonly #free = new Map<number, number[]>();
  /** Notes that are forgotten and not void yet. */
  readonly #forgotten: Note[] = [];
  #end = 0;

  constructor(path: string) {
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const bytes = readFileSync(this.#fd);
    this.#read(bytes);
    ignoreErrno(() => this.#makeRoom(bytes.length));
  }

  get size(): number {
    return this.#notes.size;
  }

  get ids(): readonly FileId[] {
    return [...this.#notes.values()].map(({ id }) => id);
  }

  valueOf(id: FileId): number | undefined {
    return this.#notes.get(keyOf(id))?.value;
  }

  /**
   * Makes a note of an object, instead of an older one; durable when this returns.
   *
   * @param value  0 … 0x7fff
   * @throws ErrnoError when there is no room: then there is none, of whichever value
   */
  note(id: FileId, value = 0): void {
    if (this.valueOf(id) === value) return;
    this.#forgetNow(id);
    this.#keep(id, value, this.#writeNote(id, value));
  }

  /** As {@link note}; when there is no room, for this process only. */
  noteAnyway(id: FileId, value: number): void {
    ignoreErrno(() => this.note(id, value));
    if (this.valueOf(id) === undefined) this.#keep(id, value, undefined);
  }

  /** Takes a note back, with the next {@link settle} for those, too, who open these notes anew. */
  forget(id: FileId): void {
    const note = this.#notes.get(keyOf(id));
    if (note === undefined) return;
    this.#notes.delete(keyOf(id));
    this.#forgotten.push(note);
  }

  /** Nobody finds any more what was forgotten. Should that fail, it may be found; nothing else is lost. */
  settle(): void {
    ignoreErrno(() => {
      if (this.#forgotten.length === 0) return;
      if (this.size === 0) this.#empty();
      else for (const note of this.#forgotten.splice(0)) this.#makeVoid(note);
    });
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #makeRoom(length: number): void {
    if (length < room) this.#write(this.#end, Buffer.alloc(room - this.#end));
    else if (length > this.#end) ftruncateSync(this.#fd, Math.max(this.#end, room)); // half a note
  }

  #keep(id: FileId, value: number, at: number | undefined): void {
    const own = Buffer.from(id);
    this.#notes.set(keyOf(own), { id: own, value, at });
  }

  #forgetNow(id: FileId): void {
    const note = this.#notes.get(keyOf(id));
    if (note === undefined) return;
    this.#notes.delete(keyOf(id));
    this.#makeVoid(note);
  }

  #writeNote(id: FileId, value: number): number {
    const free = this.#free.get(id.length);
    const at = free?.at(-1) ?? this.#end;
    this.#write(at, Buffer.concat([headOf(id, value), id]));
    fdatasyncSync(this.#fd);
    free?.pop();
    this.#end = Math.max(this.#end, at + headBytes + id.length);
    return at;
  }

  #makeVoid({ id, value, at }: Note): void {
    if (at === undefined) return;
    this.#write(at, headOf(id, value | isVoid));
    this.#setFree(id.length, at);
  }

  #setFree(length: number, at: number): void {
    const free = this.#free.get(length);
    if (free === undefined) this.#free.set(length, [at]);
    else free.push(at);
  }

  #empty(): void {
    this.#write(0, Buffer.alloc(Math.min(this.#end, room)));
    if (this.#end > room) ftruncateSync(this.#fd, room);
    this.#end = 0;
    this.#free.clear();
    this.#forgotten.length = 0;
  }

  // Only behind the end of the file there may be no room.
  #write(at: number, bytes: Buffer): void {
    if (writeSync(this.#fd, bytes, 0, bytes.length, at) === bytes.length) return;
    ftruncateSync(this.#fd, Math.max(this.#end, at));
    throw new ErrnoError(errno.ENOSPC, "write");
  }

  // What was being written when its process was killed was not done yet.
  #read(bytes: Buffer): void {
    for (let at = 0; at + headBytes < bytes.length;) {
      const length = bytes.readUInt8(at);
      const end = at + headBytes + length;
      if (length === 0 || end > bytes.length) return;
      const value = bytes.readUInt16LE(at + 1);
      if ((value & isVoid) === 0) this.#keep(bytes.subarray(at + headBytes, end), value, at);
      else this.#setFree(length, at);
      at = this.#end = end;
    }
  }
}

const headOf = (id: FileId, value: number): Buffer => Buffer.of(id.length, value & 0xff, value >> 8);

function ignoreErrno(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
