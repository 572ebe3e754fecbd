import type { Attr, Timestamp } from "@belay/fuse";
import { timestampFromNanoseconds } from "@belay/fuse";
import type { Tid } from "@belay/zodb";
import { tidToUnixNs } from "@belay/zodb";
import type { TreeNode } from "./node.ts";

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

/** The node's attributes as the kernel takes them. */
export function nodeAttr(node: TreeNode): Attr {
  const { mode, size, blksize, time } = node.attributes();
  const moment = timeOf(time);
  return {
    ino: node.id,
    mode,
    size,
    uid,
    gid,
    mtime: moment,
    ctime: moment,
    ...(blksize === 0 ? {} : { blksize }),
  };
}

/** The moment of a transaction, to the microsecond; tid 0 is 1970. */
export function timeOf(tid: Tid): Timestamp {
  if (tid === 0n) return { sec: 0, nsec: 0 };
  const microseconds = (tidToUnixNs(tid) + 500n) / 1000n;
  return timestampFromNanoseconds(microseconds * 1000n);
}
