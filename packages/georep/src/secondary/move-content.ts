import { statfsSync } from "node:fs";

import { AT_EMPTY_PATH, ftruncate, O_RDONLY, statx } from "@belay/linux";
import { BelayError } from "@belay/supervise";

import { dataRanges } from "../engines/data-ranges.ts";
import { keyOf, type FileId } from "../ids/file-id.ts";
import type { KeptContent, MovedPart } from "../rpc/messages.ts";
import { statAt } from "../tree/read-object.ts";
import { placeOf, type Batch, type Place } from "./batch.ts";
import { makeTemporary, mustStay } from "./content.ts";
import { copyRange } from "./copy-range.ts";
import { streamOf } from "./incoming.ts";
import { openPlace } from "./own-access.ts";

/**
 * Has a content that was begun made beside the older one, which stays as it is, so that parts of that can be moved.
 *
 * @param before  up to here it was told
 * @returns what of it is kept; undefined when it has to be written in place, or there is no room for both: nothing was done
 * @throws BelayError `ENOENT` it was not begun
 */
export function makeAnew(batch: Batch, id: FileId, before: number): KeptContent | undefined {
  const stream = streamOf(batch, id);
  const place = placeOf(batch, stream.object);
  if (place === undefined || stream.base !== undefined) return undefined;
  if (stream.temporary !== undefined) {
    ftruncate(stream.fd, before);
    batch.streams.set(keyOf(id), { ...stream, base: openPlace(place, O_RDONLY) });
    return "told";
  }
  if (batch.incomplete.has(keyOf(id)) || mustStay(batch, place) || !hasRoomForAnother(place)) return undefined;
  const { fd, name } = makeTemporary(batch, stream.object);
  batch.streams.set(keyOf(id), { ...stream, fd, temporary: name, base: stream.fd });
  return "nothing";
}

/**
 * Takes a part of a content from the older one.
 *
 * @throws BelayError `ENOENT` it is not made anew; `EBADMSG` what is to be moved is not here
 */
export function moveContent(batch: Batch, { id, ...part }: MovedPart & { readonly id: FileId }): void {
  const { base, fd, digest } = streamOf(batch, id);
  if (base === undefined) throw new BelayError("ENOENT", "a part of a content that is not made anew");
  digest.move(part);
  const { from, to, length } = part;
  if (statx(base, "", AT_EMPTY_PATH).size < from + length) throw notHere();
  for (const { start, end } of dataRanges(base, from + length, from))
    if (copyRange(base, fd, { from: start, to: to + start - from, length: end - start }) < end - start) throw notHere();
}

function notHere(): BelayError {
  return new BelayError("EBADMSG", "content that is to be moved is not here");
}

function hasRoomForAnother({ dirfd, name }: Place): boolean {
  const { bavail, bsize } = statfsSync(`/proc/self/fd/${dirfd}`);
  return bavail * bsize > (statAt(dirfd, name)?.size ?? 0);
}
