import { closeSync, existsSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

import { errno, ErrnoError, errnoOf } from "@belay/linux";

import { keyOf, type FileId } from "../ids/file-id.ts";
import type { Suspect } from "../rpc/hello-messages.ts";
import { maxObjects, type EntryName } from "../rpc/messages.ts";
import { isDirectory } from "../tree/object-state.ts";
import type { Place } from "./batch.ts";
import type { MappedObject } from "./map-rows.ts";
import { openToWrite } from "./own-access.ts";
import type { Session } from "./session.ts";

const suspectsFile = "suspects";

/**
 * Objects that a batch treats in a way that the map, should the batch be cut off, knows nothing of, and that no change of the source need tell of
 * again. They are noted before, durably, and forgotten when the batch is finished:
 *
 * - a file that is written to in place: the map says that it has all its content;
 * - a directory that becomes another one here, made anew or taken over: the one that it was may be taken for something else from now on, and so be
 *   filled with what belongs elsewhere.
 */
export class Suspects implements Disposable {
  readonly #path: string;
  readonly #ids = new Map<string, FileId>();
  /** Bytes of whole notes. */
  #length = 0;
  #fd: number | undefined;

  /** @param base  the session's folder */
  constructor(base: string) {
    this.#path = join(base, suspectsFile);
    if (existsSync(this.#path)) this.#read(readFileSync(this.#path));
  }

  get ids(): Iterable<FileId> {
    return this.#ids.values();
  }

  note(id: FileId): void {
    const key = keyOf(id);
    if (this.#ids.has(key)) return;
    const fd = this.#open();
    ftruncateSync(fd, this.#length); // what had no room the last time
    const note = Buffer.concat([Buffer.of(id.length), id]);
    if (writeSync(fd, note) < note.length) throw new ErrnoError(errno.ENOSPC, "write");
    fdatasyncSync(fd);
    this.#length += note.length;
    this.#ids.set(key, Buffer.from(id));
  }

  /** The batch is finished, and these are left. Should this fail, more is looked at than has to be. */
  keep(left: readonly FileId[]): void {
    if (this.#ids.size === left.length) return;
    this.#ids.clear();
    this.#length = 0;
    try {
      ftruncateSync(this.#open());
      for (const id of left) this.note(id);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      for (const id of left) this.#ids.set(keyOf(id), id);
    }
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }

  #open(): number {
    return (this.#fd ??= openSync(this.#path, "a", 0o600));
  }

  // What was being written when its process was killed was not done yet.
  #read(bytes: Buffer): void {
    for (let end = 0; end < bytes.length;) {
      const at = end + 1;
      end = at + (bytes[end] ?? 0);
      if (end > bytes.length) return;
      const id = Buffer.from(bytes.subarray(at, end));
      this.#ids.set(keyOf(id), id);
      this.#length = end;
    }
  }
}

/** Opens a file to write to in place. @throws as {@link openToWrite} */
export function openInPlace({ suspects }: Session, place: Place, { id, here }: MappedObject): number {
  suspects.note(id);
  return openToWrite(place, here);
}

/** To be called before an object becomes another one here. */
export function noteReplaced(
  { map, suspects }: Session,
  { id, mode }: Pick<MappedObject, "id" | "mode">,
  here: FileId,
): void {
  if (isDirectory(mode) && map.get(id)?.here.equals(here) === false) suspects.note(id);
}

/**
 * What has to be told of again after batches that were cut off. Files that were written to have no content from now on, as far as the map knows.
 *
 * @param wereHeld  objects that were in `held/`; their directories may have another time than the source's
 */
export function suspectIn({ map, suspects, gone, rootId }: Session, wereHeld: readonly FileId[]): Suspect {
  const [directories, names]: [FileId[], EntryName[]] = [[], []];
  for (const id of suspects.ids) {
    const object = map.get(id);
    if (object === undefined) continue;
    if (isDirectory(object.mode)) directories.push(id);
    else {
      map.put(withoutContent(object));
      names.push(...map.namesOf(id));
    }
  }
  if (directories.length > maxObjects || names.length > maxObjects) return { directories: [rootId], names: [] };
  for (const id of [...wereHeld, ...gone.values()]) names.push(...map.namesOf(id));
  return { directories, names: names.slice(0, maxObjects) };
}

/** A batch is finished. What was said to be suspect and was not told of stays so: a file that still has no content. */
export function endSuspicion(session: Session): void {
  const { map, suspects } = session;
  const left = [...suspects.ids].filter((id) => map.get(id)?.size === -1);
  if (left.length > 0) {
    const names = left.flatMap((id) => map.namesOf(id)).slice(0, maxObjects);
    session.suspect = { directories: [], names };
  }
  suspects.keep(left);
}

const withoutContent = (object: MappedObject): MappedObject => ({
  ...object,
  size: -1,
  mtime: 0n,
  ctime: 0n,
  hereCtime: 0n,
});
