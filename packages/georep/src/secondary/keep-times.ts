import { UTIME_OMIT, utimensat } from "@belay/linux";

import { fileIdAt, keyOf } from "../ids/file-id.ts";
import { statAt } from "../tree/read-object.ts";
import { touch, type Batch } from "./batch.ts";

const itself = Buffer.alloc(0);

/**
 * Does something that changes the times of a directory. Where the batch says what they have to be, that is set in the end; otherwise, as when only a file
 * was told of and not its name, or a directory moves out that lost its name here long ago, they stay as they are.
 */
export function keepTimes(batch: Batch, dirfd: number, action: () => void): void {
  if (dirfd === batch.session.heldDirectory) {
    action();
    return;
  }
  const directory = batch.session.map.byHere(fileIdAt(dirfd, itself), undefined);
  const stat = directory && !batch.changes.has(keyOf(directory.id)) ? statAt(dirfd, itself) : undefined;
  if (stat !== undefined) touch(batch, { object: directory, stat });
  try {
    action();
  } finally {
    if (stat !== undefined) utimensat(dirfd, ".", UTIME_OMIT, stat.mtime, 0); // it may be open for its path only
  }
}
