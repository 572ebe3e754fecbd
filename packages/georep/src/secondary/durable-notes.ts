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

/** Notes of objects that outlive their process, and the machine; in the file there is one of each at most. */
export class DurableNotes implements Disposable {
  readonly #fd: number;
  readonly #notes = new Map<string, Note>();
  /** Notes that are forgotten, and not void yet. */
  readonly #forgotten = new Map<string, Note>();
  /** Places of notes that are void, by the length of their ids. */
  readonly #free = new Map<number, number[]>();
  #end = 0;

  constructor(path: string) {
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const bytes = readFileSync(this.#fd);
    this.#read(bytes);
    ignoreErrno(() => this.#makeRoom(bytes));
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
   * Makes a note of an object, or changes it; durable when this returns.
   *
   * @param value  0 … 0x7fff
   * @throws ErrnoError when there is no room: then nothing is changed
   */
  note(id: FileId, value = 0): void {
    const key = keyOf(id);
    const older = this.#inFile(key);
    const isThere = older?.at !== undefined && older.value === value;
    const note = isThere ? older : { id: Buffer.from(id), value, at: this.#writeNote(id, value, older?.at) };
    this.#notes.set(key, note);
    this.#forgotten.delete(key);
  }

  /** As {@link note}; when there is no room, for this process only. */
  noteAnyway(id: FileId, value: number): void {
    ignoreErrno(() => this.note(id, value));
    if (this.valueOf(id) === value) return;
    const key = keyOf(id);
    this.#notes.set(key, { id: Buffer.from(id), value, at: this.#inFile(key)?.at });
    this.#forgotten.delete(key);
  }

  /** Takes a note back, with the next {@link settle} for those, too, who open these notes anew. */
  forget(id: FileId): void {
    const key = keyOf(id);
    const note = this.#notes.get(key);
    if (note === undefined) return;
    this.#notes.delete(key);
    if (note.at !== undefined) this.#forgotten.set(key, note);
  }

  /** Nobody finds any more what was forgotten. Should that fail, it may be found; nothing else is lost. */
  settle(): void {
    ignoreErrno(() => {
      if (this.#forgotten.size === 0) return;
      if (this.size === 0) this.#empty();
      else for (const [key, note] of this.#forgotten) this.#makeVoid(key, note);
    });
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #inFile(key: string): Note | undefined {
    return this.#notes.get(key) ?? this.#forgotten.get(key);
  }

  // Behind the notes there may be half a one: what was being written when its process was killed was not done yet.
  #makeRoom(bytes: Buffer): void {
    if (bytes.length < room || bytes.subarray(this.#end, room).some((byte) => byte !== 0))
      this.#write(this.#end, Buffer.alloc(room - this.#end));
    if (bytes.length > Math.max(this.#end, room)) ftruncateSync(this.#fd, Math.max(this.#end, room));
  }

  #writeNote(id: FileId, value: number, place: number | undefined): number {
    const free = place === undefined ? this.#free.get(id.length) : undefined;
    const at = place ?? free?.at(-1) ?? this.#end;
    this.#write(at, Buffer.concat([headOf(id, value), id]));
    fdatasyncSync(this.#fd);
    free?.pop();
    this.#end = Math.max(this.#end, at + headBytes + id.length);
    return at;
  }

  #makeVoid(key: string, { id, value, at }: Note): void {
    if (at !== undefined) {
      this.#write(at, headOf(id, value | isVoid));
      this.#setFree(id.length, at);
    }
    this.#forgotten.delete(key);
  }

  #setFree(length: number, at: number): void {
    const free = this.#free.get(length);
    if (free === undefined) this.#free.set(length, [at]);
    else free.push(at);
  }

  #empty(): void {
    const end = this.#end;
    this.#write(0, Buffer.alloc(Math.min(end, room)));
    this.#end = 0;
    this.#free.clear();
    this.#forgotten.clear();
    if (end > room) ftruncateSync(this.#fd, room);
  }

  // Only behind the end of the file there may be no room.
  #write(at: number, bytes: Buffer): void {
    if (writeSync(this.#fd, bytes, 0, bytes.length, at) === bytes.length) return;
    ftruncateSync(this.#fd, Math.max(this.#end, at));
    throw new ErrnoError(errno.ENOSPC, "write");
  }

  #read(bytes: Buffer): void {
    for (let at = 0; at + headBytes < bytes.length;) {
      const length = bytes.readUInt8(at);
      const end = at + headBytes + length;
      if (length === 0 || end > bytes.length) return;
      const value = bytes.readUInt16LE(at + 1);
      const id = Buffer.from(bytes.subarray(at + headBytes, end));
      if ((value & isVoid) === 0) this.#notes.set(keyOf(id), { id, value, at });
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
