import { copyFileRange, errno, errnoOf, pread } from "@belay/linux";

import { writeAll } from "./write-all.ts";

/** A part of a file, and where in another one it belongs. */
export interface RangeToCopy {
  readonly from: number;
  readonly to: number;
  /** Bytes. */
  readonly length: number;
}

/** What copy_file_range(2) says when it cannot do it between these two. */
const unable: readonly (number | undefined)[] = [errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS];

/**
 * Copies a part of an open file into another one; shares the blocks where the file system can do that.
 *
 * @returns bytes copied: fewer where the file ends
 */
export function copyRange(source: number, target: number, { from, to, length }: RangeToCopy): number {
  let done = 0;
  try {
    for (let copied = 1; done < length && copied > 0; done += copied)
      copied = copyFileRange(source, from + done, target, to + done, length - done);
  } catch (error) {
    if (!unable.includes(errnoOf(error))) throw error;
    done += copyByHand(source, target, { from: from + done, to: to + done, length: length - done });
  }
  return done;
}

const piece = Buffer.allocUnsafeSlow(128 * 1024);

function copyByHand(source: number, target: number, { from, to, length }: RangeToCopy): number {
  let done = 0;
  while (done < length) {
    const read = pread(source, piece.subarray(0, Math.min(piece.length, length - done)), from + done);
    if (read === 0) break;
    writeAll(target, piece.subarray(0, read), to + done);
    done += read;
  }
  return done;
}
