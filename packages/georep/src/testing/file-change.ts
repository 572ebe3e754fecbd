import type { ObjectChange } from "../rpc/messages.ts";

/** What is told of a file: small, of this process's user, and whole when `inline` is given. */
export function fileChange(id: string, more: Partial<ObjectChange> = {}): ObjectChange {
  return {
    id: Buffer.from(id),
    mode: 0o100644,
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    size: 0,
    mtime: 0n,
    ctime: 0n,
    nlink: 1,
    rdevMajor: 0,
    rdevMinor: 0,
    target: Buffer.alloc(0),
    xattrs: [],
    content: "changed",
    settled: true,
    inline: undefined,
    ...more,
  };
}
