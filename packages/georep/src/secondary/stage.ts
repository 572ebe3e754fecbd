import { readdirSync, readlinkSync } from "node:fs";

import {
  AT_EMPTY_PATH,
  close,
  ftruncate,
  linkat,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  openat2,
  renameat2,
  statx,
  unlinkat,
} from "@belay/linux";
import { BelayError } from "@belay/supervise";

import { keyOf, type FileId } from "../ids/file-id.ts";
import { digestOf } from "../tree/digest.ts";
import { isRegular } from "../tree/object-state.ts";
import { hasId, isGone } from "../tree/read-object.ts";
import { placeOf, type Batch, type Place } from "./batch.ts";
import { install, mustStay } from "./content.ts";
import { copyRange } from "./copy-range.ts";
import { heldNameOf } from "./held-name.ts";
import type { MappedObject } from "./map-rows.ts";
import { openInPlace } from "./suspects.ts";
import { beneath } from "./beneath.ts";
import { removeTreeAt } from "./remove-tree.ts";

/**
 * Prepares for files that a program brings: an empty directory, with what is here of their older content in it, for rsync to send differences
 * to. A program that makes files anew leaves the old ones untouched.
 *
 * @returns path of the directory
 */
export function stageFiles(batch: Batch, ids: readonly FileId[]): Buffer {
  const { stageDirectory, map } = batch.session;
  for (const name of readdirSync(`/proc/self/fd/${stageDirectory}`, { encoding: "buffer" }))
    removeTreeAt(stageDirectory, name);
  for (const id of ids) {
    const object = map.get(id);
    const place = object && placeOf(batch, object);
    if (place === undefined || !batch.lacking.has(keyOf(id))) throw notAskedFor();
    if (!batch.incomplete.has(keyOf(id))) linkat(place.dirfd, place.name, stageDirectory, heldNameOf(id));
  }
  return readlinkSync(`/proc/self/fd/${stageDirectory}`, { encoding: "buffer" });
}

/**
 * Makes a file that a program brought the content of its object. Whatever else came is left, and goes with the next ones.
 *
 * @throws BelayError `ENOENT` it did not come; `EBADMSG` it is not what it has to be
 */
export function takeStaged(batch: Batch, id: FileId, size: number, digest: Buffer): void {
  const key = keyOf(id);
  const object = batch.session.map.get(id);
  const place = object && placeOf(batch, object);
  if (!batch.lacking.has(key) || object === undefined || place === undefined) throw notAskedFor();
  const fd = openStaged(batch, id);
  try {
    const stat = statx(fd, "", AT_EMPTY_PATH);
    if (!isRegular(stat.mode) || stat.size !== size || !digestOf(fd, 0, size).equals(digest))
      throw new BelayError("EBADMSG", "content did not arrive as it was sent");
    if (!hasId(fd, "", object.here)) putInPlace(batch, object, place, { fd, size });
  } finally {
    close(fd);
  }
  removeTreeAt(batch.session.stageDirectory, heldNameOf(id));
  batch.lacking.delete(key);
  batch.incomplete.delete(key);
}

function openStaged({ session }: Batch, id: FileId): number {
  try {
    return openat2(session.stageDirectory, heldNameOf(id), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, beneath);
  } catch (error) {
    if (isGone(error)) throw new BelayError("ENOENT", "content did not come", { cause: error });
    throw error;
  }
}

function putInPlace(
  batch: Batch,
  object: MappedObject,
  place: Place,
  { fd, size }: { readonly fd: number; readonly size: number },
): void {
  const { stageDirectory, heldDirectory } = batch.session;
  const name = heldNameOf(object.id);
  if (!batch.incomplete.has(keyOf(object.id)) && mustStay(batch, place)) {
    copyInto(batch, place, object, { fd, size });
    unlinkat(stageDirectory, name);
    return;
  }
  const temporary = Buffer.concat([name, Buffer.from(".new")]);
  renameat2(stageDirectory, name, heldDirectory, temporary);
  install(batch, object, temporary);
}

function copyInto(
  { session }: Batch,
  place: Place,
  object: MappedObject,
  { fd, size }: { readonly fd: number; readonly size: number },
): void {
  const to = openInPlace(session, place, object);
  try {
    ftruncate(to, copyRange(fd, to, { from: 0, to: 0, length: size }));
  } finally {
    close(to);
  }
}

function notAskedFor(): BelayError {
  return new BelayError("ENOENT", "content for a file that was not asked for");
}
