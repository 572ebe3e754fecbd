import { closeSync, existsSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

import { errno, ErrnoError } from "@belay/linux";

import { idOfKey, keyOf, type FileId } from "../ids/file-id.ts";
import type { Suspect } from "../rpc/hello-messages.ts";
import { maxObjects, type EntryName } from "../rpc/messages.ts";
import { isDirectory } from "../tree/object-state.ts";
import type { MappedObject } from "./map-rows.ts";
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

  /** The batch is finished. Should this be lost, more is looked at than has to be. */
  clear(): void {
    if (this.#ids.size === 0) return;
    ftruncateSync(this.#open());
    this.#length = 0;
    this.#ids.clear();
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

/** To be called before an object becomes another one here. */
export function noteReplaced(
  { map, suspects }: Session,
  { id, mode }: Pick<MappedObject, "id" | "mode">,
  here: FileId,
): void {
  if (isDirectory(mode) && map.get(id)?.here.equals(here) === false) suspects.note(id);
}

/** What has to be told of again after batches that were cut off. Files among it have no content from now on, as far as the map knows. */
export function suspectIn({ map, suspects, leftHeld, rootId }: Session): Suspect {
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
  for (const key of leftHeld) names.push(...map.namesOf(idOfKey(key)));
  const isTooMuch = directories.length > maxObjects || names.length > maxObjects;
  return isTooMuch ? { directories: [rootId], names: [] } : { directories, names };
}

const withoutContent = (object: MappedObject): MappedObject => ({
  ...object,
  size: -1,
  mtime: 0n,
  ctime: 0n,
  hereCtime: 0n,
});
