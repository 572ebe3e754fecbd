import type { Tid } from "@belay/zodb";
import type { Epoch } from "../changes.ts";
import type { ObjectLog } from "../objlog/object-log.ts";
import type { FileState, Snapshots } from "../snapshot.ts";
import type { TrackedFile } from "./tracked-file.ts";

/** The epoch between two states of a file, if there is one. */
export function epochBetween(rev: Tid, before: FileState | undefined, after: FileState | undefined): Epoch | undefined {
  const same =
    before && after
      ? before.blktab === after.blktab && BigInt(before.blksize) === BigInt(after.blksize)
      : before === after;
  return same ? undefined : { rev, before, after };
}

/** The epochs of the file in (tail, trackedAt], read from the states before and after each commit that wrote the file. */
export function readPastEpochs(file: TrackedFile, log: ObjectLog, snapshots: Snapshots): Epoch[] {
  const epochs: Epoch[] = [];
  for (const rev of log.changesOf(file.oid, log.tail, file.trackedAt)) {
    const epoch = epochBetween(rev, snapshots.at(rev - 1n).file(file.oid), snapshots.at(rev).file(file.oid));
    if (epoch) epochs.push(epoch);
  }
  return epochs;
}
