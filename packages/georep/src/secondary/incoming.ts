import { close, ftruncate, O_RDONLY } from "@belay/linux";
import { BelayError } from "@belay/supervise";

import { ContentDigest } from "../engines/content-digest.ts";
import { keyOf, type FileId } from "../ids/file-id.ts";
import { statAt } from "../tree/read-object.ts";
import { placeOf, type Batch, type Place } from "./batch.ts";
import { install, makeTemporary, mustStay } from "./content.ts";
import { copyRange } from "./copy-range.ts";
import type { MappedObject } from "./map-rows.ts";
import { tryUnlink } from "./new-file.ts";
import { openPlace, openToWrite } from "./own-access.ts";
import { openInPlace } from "./suspects.ts";
import { writeAll } from "./write-all.ts";

/** Content of one file on its way. */
export interface Incoming {
  readonly fd: number;
  readonly object: MappedObject;
  /** Name in `held/` of what takes the file's place; undefined: written in place. */
  readonly temporary: Buffer | undefined;
  readonly digest: ContentDigest;
  /** The worker's file, when it is copied from there. */
  source?: number;
  /** The older content, when parts of it are moved. */
  readonly base?: number;
}

/** From this size on a file of which little changed is written in place: a copy of it would cost more than it saves. */
const inPlaceFrom = 64 * 1024 * 1024;

/**
 * Begins to take the content of a file.
 *
 * @param keepsBase  only differences to what is here will come
 */
export function beginContent(batch: Batch, id: FileId, keepsBase: boolean): void {
  const key = keyOf(id);
  const object = batch.session.map.get(id);
  const place = object && placeOf(batch, object);
  if (!batch.lacking.has(key) || object === undefined || place === undefined)
    throw new BelayError("ENOENT", "content for a file that was not asked for");
  abandon(batch, key);
  const size = statAt(place.dirfd, place.name)?.size ?? 0;
  const isCheaper = keepsBase && size >= inPlaceFrom && !batch.adopted.has(key); // what was adopted may be to be kept
  const isIncomplete = batch.incomplete.has(key);
  const isInPlace = isIncomplete || mustStay(batch, place) || isCheaper;
  const open = () => (isIncomplete ? openToWrite(place, object.here) : openInPlace(batch.session, place, object));
  const { fd, name } = isInPlace ? { fd: open(), name: undefined } : makeTemporary(batch, object);
  batch.streams.set(key, { fd, object, temporary: name, digest: new ContentDigest() });
  if (!keepsBase) ftruncate(fd, 0);
  else if (!isInPlace) copyBase(place, fd, size);
}

/** The content of a file that is on its way. @throws BelayError `ENOENT` */
export function streamOf({ streams }: Batch, id: FileId): Incoming {
  const stream = streams.get(keyOf(id));
  if (stream === undefined) throw new BelayError("ENOENT", "content of a file that was not begun");
  return stream;
}

/** Takes one piece. */
export function takeContent(batch: Batch, id: FileId, offset: number, bytes: Buffer): void {
  const stream = streamOf(batch, id);
  stream.digest.update(offset, bytes);
  writeAll(stream.fd, bytes, offset);
}

/** All of it came: the file gets it if it is what was sent. @throws BelayError `EBADMSG` */
export function endContent(batch: Batch, id: FileId, size: number, digest: Buffer): void {
  const key = keyOf(id);
  const stream = streamOf(batch, id);
  if (!stream.digest.digest().equals(digest)) {
    abandon(batch, key);
    throw new BelayError("EBADMSG", "content arrived damaged");
  }
  ftruncate(stream.fd, size);
  endStream(batch, key, stream);
  if (stream.temporary !== undefined) install(batch, stream.object, stream.temporary);
  batch.lacking.delete(key);
  batch.incomplete.delete(key);
}

function abandon(batch: Batch, key: string): void {
  const stream = batch.streams.get(key);
  if (stream === undefined) return;
  endStream(batch, key, stream);
  if (stream.temporary !== undefined) tryUnlink(batch.session.heldDirectory, stream.temporary);
}

function endStream({ streams }: Batch, key: string, { fd, base, source }: Incoming): void {
  for (const each of [fd, base, source]) if (each !== undefined) close(each);
  streams.delete(key);
}

/** Lets go of what was begun and not ended. */
export function abandonAll(batch: Batch): void {
  for (const key of [...batch.streams.keys()]) abandon(batch, key);
}

function copyBase(place: Place, to: number, size: number): void {
  const from = openPlace(place, O_RDONLY);
  try {
    copyRange(from, to, { from: 0, to: 0, length: size });
  } finally {
    close(from);
  }
}
