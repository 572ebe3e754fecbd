import type * as attributes from "../wire/request-attributes.ts";
import type * as files from "../wire/request-files.ts";
import type * as names from "../wire/request-names.ts";
import type { Request } from "../wire/request.ts";
import type { NotifyReplyRequest, RemoveMappingRequest, SetupMappingRequest } from "../wire/request-session.ts";
import type { Connection } from "./connection.ts";
import type * as replies from "./replies.ts";

/**
 * What handlers return: nothing, having answered or keeping the reply for later; or a promise for work of Node's event
 * loop, which is then given its turns until the promise settles. A promise that fails answers EIO.
 */
export type Handled = void | Promise<void>;

/**
 * A file system: one method per request of the kernel, all optional.
 *
 * A request without its method gets ENOSYS. An exception gets EIO, or the errno it carries if it is the error of a
 * system call, and is told to the server's `onError` unless it is of that kind. Methods run on the serving thread, one
 * at a time, and must not wait for anything: to answer later, keep the reply object. Fields of a request stay valid,
 * except where they say otherwise (`data`).
 */
export interface FileSystem {
  /**
   * The kernel said what it can. Called before the answer goes out; an exception refuses the mount: every access then
   * gives ECONNREFUSED and serving ends with that exception.
   */
  init?(connection: Connection): void;
  /** Sent when a mount of type fuseblk goes; other mounts only end. */
  destroy?(): void;

  lookup?(request: names.NameRequest, reply: replies.EntryReply): Handled;
  /** The kernel let go of a node: its lookup count goes down by `lookups`. */
  forget?(nodeid: number, lookups: number): void;
  symlink?(request: names.SymlinkRequest, reply: replies.EntryReply): Handled;
  mknod?(request: names.MknodRequest, reply: replies.EntryReply): Handled;
  mkdir?(request: names.MkdirRequest, reply: replies.EntryReply): Handled;
  link?(request: names.LinkRequest, reply: replies.EntryReply): Handled;
  unlink?(request: names.NameRequest, reply: replies.OkReply): Handled;
  rmdir?(request: names.NameRequest, reply: replies.OkReply): Handled;
  /** RENAME and RENAME2. */
  rename?(request: names.RenameRequest, reply: replies.OkReply): Handled;
  create?(request: names.CreateRequest, reply: replies.CreateReply): Handled;
  tmpfile?(request: names.CreateRequest, reply: replies.CreateReply): Handled;

  getattr?(request: attributes.GetattrRequest, reply: replies.AttrReply): Handled;
  setattr?(request: attributes.SetattrRequest, reply: replies.AttrReply): Handled;
  statx?(request: attributes.StatxRequest, reply: replies.StatxReply): Handled;
  access?(request: attributes.AccessRequest, reply: replies.OkReply): Handled;
  readlink?(request: Request, reply: replies.DataReply): Handled;
  statfs?(request: Request, reply: replies.StatfsReply): Handled;
  setxattr?(request: attributes.SetxattrRequest, reply: replies.OkReply): Handled;
  getxattr?(request: attributes.GetxattrRequest, reply: replies.XattrReply): Handled;
  listxattr?(request: attributes.ListxattrRequest, reply: replies.XattrReply): Handled;
  removexattr?(request: names.NameRequest, reply: replies.OkReply): Handled;

  open?(request: files.OpenRequest, reply: replies.OpenReply): Handled;
  read?(request: files.ReadRequest, reply: replies.ReadReply): Handled;
  write?(request: files.WriteRequest, reply: replies.WriteReply): Handled;
  flush?(request: files.FlushRequest, reply: replies.OkReply): Handled;
  release?(request: files.ReleaseRequest, reply: replies.OkReply): Handled;
  fsync?(request: files.FsyncRequest, reply: replies.OkReply): Handled;
  fallocate?(request: files.FallocateRequest, reply: replies.OkReply): Handled;
  lseek?(request: files.LseekRequest, reply: replies.NumberReply): Handled;
  copyFileRange?(request: files.CopyFileRangeRequest, reply: replies.WriteReply): Handled;
  bmap?(request: files.BmapRequest, reply: replies.NumberReply): Handled;
  ioctl?(request: files.IoctlRequest, reply: replies.IoctlReply): Handled;
  poll?(request: files.PollRequest, reply: replies.PollReply): Handled;
  getlk?(request: files.LockRequest, reply: replies.LockReply): Handled;
  setlk?(request: files.LockRequest, reply: replies.OkReply): Handled;
  setlkw?(request: files.LockRequest, reply: replies.OkReply): Handled;

  opendir?(request: files.OpenRequest, reply: replies.OpenReply): Handled;
  readdir?(request: files.ReadRequest, reply: replies.DirectoryReply): Handled;
  readdirplus?(request: files.ReadRequest, reply: replies.DirectoryReply): Handled;
  releasedir?(request: files.ReleaseRequest, reply: replies.OkReply): Handled;
  fsyncdir?(request: files.FsyncRequest, reply: replies.OkReply): Handled;
  syncfs?(request: Request, reply: replies.OkReply): Handled;

  setupMapping?(request: SetupMappingRequest, reply: replies.OkReply): Handled;
  removeMapping?(request: RemoveMappingRequest, reply: replies.OkReply): Handled;
  /** Pages that a RETRIEVE asked for and that no inbox of the server was waiting for. */
  retrieved?(request: NotifyReplyRequest): void;
}
