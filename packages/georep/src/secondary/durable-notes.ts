import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";

import { errno, ErrnoError, errnoOf } from "@belay/linux";

import { keyOf, type FileId } from "../ids/file-id.ts";

/** What a note says of an object. */
export interface Note {
  readonly id: FileId;
  readonly value: number;
}

/** Notes of objects, each durable as soon as it is made. */
export class DurableNotes implements Disposable {
  readonly #path: string;
  readonly #notes = new Map<string, Note>();
  /** Bytes of whole notes. */
  #length = 0;
  /** Of these some are not of {@link #notes} any more. */
  #isBehind = false;
  #fd: number | undefined;

  constructor(path: string) {
    this.#path = path;
    if (existsSync(path)) this.#read(readFileSync(path));
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
   * Makes a note of an object of which there is none.
   *
   * @param value  0 … 65535
   */
  note(id: FileId, value = 0): void {
    const key = keyOf(id);
    if (this.#notes.has(key)) return;
    const note = { id: Buffer.from(id), value };
    const fd = this.#open();
    ftruncateSync(fd, this.#length); // what had no room the last time
    this.#length += writeNotes(fd, [note]);
    this.#notes.set(key, note);
  }

  /** Takes a note back, durably with the next {@link settle}. */
  forget(id: FileId): void {
    if (this.#notes.delete(keyOf(id))) this.#isBehind = true;
  }

  /** What was forgotten is not found any more by whoever opens these notes. Should there be no room for that, it is found, and nothing else lost. */
  settle(): void {
    if (!this.#isBehind) return;
    try {
      this.#length = this.size === 0 ? this.#empty() : this.#writeAnew();
      this.#isBehind = false;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  #open(): number {
    return (this.#fd ??= openSync(this.#path, "a", 0o600));
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #empty(): number {
    ftruncateSync(this.#open());
    return 0;
  }

  #writeAnew(): number {
    const path = `${this.#path}.new`;
    const fd = openSync(path, "w", 0o600);
    try {
      const length = writeNotes(fd, [...this.#notes.values()]);
      renameSync(path, this.#path);
      this.#close();
      return length;
    } finally {
      closeSync(fd);
    }
  }

  // What was being written when its process was killed was not done yet.
  #read(bytes: Buffer): void {
    for (let end = 0; end < bytes.length;) {
      const at = end + 3;
      end = at + (bytes[end] ?? 0);
      if (end > bytes.length) return;
      const id = Buffer.from(bytes.subarray(at, end));
      this.#notes.set(keyOf(id), { id, value: bytes.readUInt16LE(at - 2) });
      this.#length = end;
    }
  }
}

function writeNotes(fd: number, notes: readonly Note[]): number {
  const bytes = Buffer.concat(notes.flatMap(({ id, value }) => [Buffer.of(id.length, value & 0xff, value >> 8), id]));
  if (writeSync(fd, bytes) < bytes.length) throw new ErrnoError(errno.ENOSPC, "write");
  fdatasyncSync(fd);
  return bytes.length;
}
