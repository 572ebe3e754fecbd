import type { Oid, Tid } from "@belay/zodb";
import type { FileChange } from "../changes.ts";
import { ALL_KEYS } from "../ranges/key-range.ts";
import type { Snapshot, Snapshots } from "../snapshot.ts";
import { TreeState } from "../treediff/tree-state.ts";
import { epochBetween } from "./epochs.ts";

/**
 * What differs in a file between two moments, without any tracking: walks both block tables from end to end, keeps the entries of one
 * in memory, and asks for two serials per block that kept its object.
 *
 * @param from may be older or newer than `to`
 * @param changed tells objects that may have been changed in between, when the caller knows (from the commits): the rest is not asked for
 * @returns with the epoch of `to` when the file's block size or table differ, or it exists at one of the two moments only;
 *   `blocks` then is empty
 * @throws BelayError `ECORRUPT`
 */
export function diffFile(
  snapshots: Snapshots,
  file: Oid,
  from: Tid,
  to: Tid,
  changed: (oid: Oid) => boolean = () => true,
): FileChange {
  const [old, now] = [snapshots.at(from), snapshots.at(to)];
  const [before, after] = [old.file(file), now.file(file)];
  const epoch = epochBetween(to, before, after);
  if (!before || !after || epoch) return { blocks: new Set(), sizeChanged: epoch !== undefined, epoch };

  const blocks = new Set<number>();
  const links = new Map(entries(old, before.blktab));
  let sizeChanged = false;
  for (const [blk, zblk] of entries(now, after.blktab)) {
    const relinked = links.get(blk) !== zblk;
    sizeChanged ||= relinked;
    if (relinked || (changed(zblk) && old.serial(zblk) !== now.serial(zblk))) blocks.add(blk);
    links.delete(blk);
  }
  for (const blk of links.keys()) blocks.add(blk);
  return { blocks, sizeChanged: sizeChanged || links.size > 0, epoch: undefined };
}

function* entries(snapshot: Snapshot, root: Oid): Generator<readonly [blk: number, zblk: Oid], void, undefined> {
  for (const { bucket } of new TreeState(snapshot, root).leaves(ALL_KEYS)) {
    for (const [i, key] of bucket.keys.entries()) {
      const value = bucket.values[i];
      if (value !== undefined) yield [key, value];
    }
  }
}
