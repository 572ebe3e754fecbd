import { stampAt } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { ListingDigest } from "../tree/listing-digest.ts";
import { isDirectory } from "../tree/object-state.ts";
import { statAt } from "../tree/read-object.ts";
import type { Exclusion } from "./exclusion.ts";
import { idAtName, indexesOf, isOnDevice, type NameRange } from "./source-names.ts";

/** Some names of a directory, which is open. */
export interface NamesToDigest {
  readonly tree: SourceTree;
  readonly directory: FileId;
  readonly fd: number;
  readonly exclusion: Exclusion;
  readonly names: readonly string[];
  readonly range: NameRange;
}

// One for all: it is used up before anything else runs.
const listing = new ListingDigest();
const nothing = Buffer.alloc(0);

/**
 * Digest of names as the source has them now, see `ListingDigest`, and the directories among them.
 *
 * @returns undefined when something of it just went
 */
export function sourceDigest({
  tree,
  directory,
  fd,
  exclusion: { leavesOut },
  names,
  range,
}: NamesToDigest): { readonly digest: Buffer; readonly below: readonly FileId[] } | undefined {
  const below: FileId[] = [];
  listing.clear();
  if (range.after === "") {
    const stat = statAt(fd, nothing);
    if (stat === undefined) return undefined;
    listing.add("", stat, lowHalf(stat.ino));
  }
  const [first, end] = indexesOf(names, range);
  for (let index = first; index < end; index++) {
    const name = names[index] ?? "";
    const stamp = stampAt(fd, name);
    if (stamp === undefined) return undefined;
    const isBelow = isDirectory(stamp.mode);
    if (!isOnDevice(stamp, tree) || leavesOut(Buffer.from(name, "latin1"), isBelow)) continue;
    listing.add(name, stamp, lowHalf(stamp.ino));
    const id = isBelow ? idAtName(fd, name) : undefined;
    if (id === undefined) continue;
    tree.places.learn(id, directory, Buffer.from(name, "latin1"));
    below.push(id);
  }
  return { digest: listing.take(), below };
}

const lowHalf = (ino: bigint): number => Number(ino & 0xffff_ffffn);
