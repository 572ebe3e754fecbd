import { errno, ErrnoError, RENAME_EXCHANGE, RENAME_NOREPLACE } from "@belay/linux";

import type { Entry } from "../wire/answers.ts";
import * as flag from "../wire/flags.ts";
import type * as attributes from "../wire/request-attributes.ts";
import type * as files from "../wire/request-files.ts";
import type * as names from "../wire/request-names.ts";
import { timestampFromMilliseconds } from "../wire/timestamp.ts";
import type { Request } from "../wire/request.ts";
import type { FileSystem, Handled } from "../serve/file-system.ts";
import type * as replies from "../serve/replies.ts";
import { attrOf, newNode, resize, S_IFDIR, S_IFLNK, S_IFMT, type MemoryNode } from "./memory-node.ts";

/** A complete file system in memory, to be used by real programs in tests. */
export class MemoryFileSystem implements FileSystem {
  readonly root = newNode(flag.FUSE_ROOT_ID, S_IFDIR | 0o755, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  /** Seconds the kernel may keep names and attributes. */
  validity = 0;
  openFlags = 0;
  readonly nodes = new Map<number, MemoryNode>([[flag.FUSE_ROOT_ID, this.root]]);
  readonly counts = new Map<string, number>();
  #nextNodeid = 2;

  /** Puts a file into the root directory, as if it had always been there. */
  addFile(name: string, data: Buffer): MemoryNode {
    const node = this.#newNode(0o100644, 0, 0);
    node.data = data;
    this.root.children.set(name, node);
    return node;
  }

  lookup(request: names.NameRequest, reply: replies.EntryReply): void {
    this.#count("lookup");
    const child = this.#node(request.nodeid).children.get(key(request.name));
    if (child) reply.entry(this.#enter(child));
    else reply.error(errno.ENOENT);
  }

  forget(nodeid: number, lookups: number): void {
    this.#count("forget");
    const node = this.nodes.get(nodeid);
    if (!node) return;
    node.lookups -= lookups;
    if (node.lookups <= 0 && node.nlink === 0) this.nodes.delete(nodeid);
  }

  getattr(request: attributes.GetattrRequest, reply: replies.AttrReply): void {
    this.#count("getattr");
    reply.attr(attrOf(this.#node(request.nodeid)), this.validity);
  }

  setattr(request: attributes.SetattrRequest, reply: replies.AttrReply): void {
    const node = this.#node(request.nodeid);
    const { valid } = request;
    const now = timestampFromMilliseconds(Date.now());
    if (valid & flag.FATTR_MODE) node.mode = (node.mode & S_IFMT) | (request.mode & 0o7777);
    if (valid & flag.FATTR_UID) node.uid = request.newUid;
    if (valid & flag.FATTR_GID) node.gid = request.newGid;
    if (valid & flag.FATTR_SIZE) resize(node, request.size);
    if (valid & flag.FATTR_ATIME) node.atime = valid & flag.FATTR_ATIME_NOW ? now : request.atime;
    if (valid & flag.FATTR_MTIME) node.mtime = valid & flag.FATTR_MTIME_NOW ? now : request.mtime;
    reply.attr(attrOf(node), this.validity);
  }

  readlink(request: Request, reply: replies.DataReply): void {
    reply.data(this.#node(request.nodeid).data);
  }

  symlink(request: names.SymlinkRequest, reply: replies.EntryReply): void {
    const node = this.#create(request, request.name, S_IFLNK | 0o777);
    node.data = request.target;
    reply.entry(this.#enter(node));
  }

  mknod(request: names.MknodRequest, reply: replies.EntryReply): void {
    const node = this.#create(request, request.name, request.mode);
    node.rdev = request.rdev;
    reply.entry(this.#enter(node));
  }

  mkdir(request: names.MkdirRequest, reply: replies.EntryReply): void {
    const node = this.#create(request, request.name, S_IFDIR | request.mode);
    this.#node(request.nodeid).nlink++;
    reply.entry(this.#enter(node));
  }

  link(request: names.LinkRequest, reply: replies.EntryReply): void {
    const node = this.#node(request.target);
    this.#insert(this.#node(request.nodeid), request.name, node);
    node.nlink++;
    reply.entry(this.#enter(node));
  }

  unlink(request: names.NameRequest, reply: replies.OkReply): void {
    const directory = this.#node(request.nodeid);
    this.#remove(directory, request.name).nlink--;
    reply.ok();
  }

  rmdir(request: names.NameRequest, reply: replies.OkReply): void {
    const directory = this.#node(request.nodeid);
    const child = this.#child(directory, request.name);
    if (child.children.size > 0) throw new ErrnoError(errno.ENOTEMPTY, "rmdir");
    this.#remove(directory, request.name);
    child.nlink = 0;
    directory.nlink--;
    reply.ok();
  }

  rename(request: names.RenameRequest, reply: replies.OkReply): void {
    const from = this.#node(request.nodeid);
    const to = this.#node(request.newDirectory);
    const moved = this.#child(from, request.name);
    const replaced = to.children.get(key(request.newName));
    if (replaced && request.flags & RENAME_NOREPLACE) throw new ErrnoError(errno.EEXIST, "rename");
    if (replaced && replaced.children.size > 0) throw new ErrnoError(errno.ENOTEMPTY, "rename");
    from.children.delete(key(request.name));
    to.children.set(key(request.newName), moved);
    if (replaced && request.flags & RENAME_EXCHANGE) from.children.set(key(request.name), replaced);
    else if (replaced) replaced.nlink--;
    reply.ok();
  }

  create(request: names.CreateRequest, reply: replies.CreateReply): void {
    reply.created(this.#enter(this.#create(request, request.name, request.mode)), { flags: this.openFlags });
  }

  tmpfile(request: names.CreateRequest, reply: replies.CreateReply): void {
    const node = this.#newNode(request.mode, request.uid, request.gid);
    node.nlink = 0;
    reply.created(this.#enter(node), { flags: this.openFlags });
  }

  open(request: files.OpenRequest, reply: replies.OpenReply): void {
    this.#count("open");
    if (request.flags & O_TRUNC) resize(this.#node(request.nodeid), 0);
    reply.opened({ flags: this.openFlags, fh: request.nodeid });
  }

  read(request: files.ReadRequest, reply: replies.ReadReply): Handled {
    this.#count("read");
    const { data } = this.#node(request.nodeid);
    const piece = data.subarray(request.offset, request.offset + request.size);
    reply.buffer(request.size).set(piece);
    reply.send(piece.length);
  }

  write(request: files.WriteRequest, reply: replies.WriteReply): void {
    this.#count("write");
    const node = this.#node(request.nodeid);
    const end = request.offset + request.data.length;
    if (end > node.data.length) resize(node, end);
    node.data.set(request.data, request.offset);
    node.mtime = timestampFromMilliseconds(Date.now());
    reply.written(request.data.length);
  }

  release(_request: files.ReleaseRequest, reply: replies.OkReply): void {
    this.#count("release");
    reply.ok();
  }

  fsync(_request: files.FsyncRequest, reply: replies.OkReply): void {
    this.#count("fsync");
    reply.ok();
  }

  fallocate(request: files.FallocateRequest, reply: replies.OkReply): void {
    const node = this.#node(request.nodeid);
    const end = request.offset + request.length;
    if (end > node.data.length) resize(node, end);
    reply.ok();
  }

  lseek(request: files.LseekRequest, reply: replies.NumberReply): void {
    const { length } = this.#node(request.nodeid).data;
    if (request.offset >= length) throw new ErrnoError(errno.ENXIO, "lseek");
    reply.number(request.whence === SEEK_HOLE ? length : request.offset);
  }

  copyFileRange(request: files.CopyFileRangeRequest, reply: replies.WriteReply): void {
    this.#count("copyFileRange");
    const source = this.#node(request.nodeid);
    const target = this.#node(request.targetNodeid);
    const piece = Buffer.from(source.data.subarray(request.offset, request.offset + request.length));
    if (request.targetOffset + piece.length > target.data.length) resize(target, request.targetOffset + piece.length);
    target.data.set(piece, request.targetOffset);
    reply.written(piece.length);
  }

  readdir(request: files.ReadRequest, reply: replies.DirectoryReply): void {
    const entries = [...this.#node(request.nodeid).children];
    for (const [index, [name, node]] of entries.entries()) {
      if (index < request.offset) continue;
      const entry = {
        name: Buffer.from(name, "latin1"),
        ino: node.nodeid,
        type: (node.mode & S_IFMT) >> 12,
        offset: index + 1,
      };
      if (!reply.add(entry)) break;
    }
    reply.send();
  }

  readdirplus(request: files.ReadRequest, reply: replies.DirectoryReply): void {
    this.#count("readdirplus");
    const entries = [...this.#node(request.nodeid).children];
    for (const [index, [name, node]] of entries.entries()) {
      if (index < request.offset) continue;
      const entry = {
        name: Buffer.from(name, "latin1"),
        ino: node.nodeid,
        type: (node.mode & S_IFMT) >> 12,
        offset: index + 1,
      };
      if (!reply.add(entry, this.#entry(node))) break;
      node.lookups++;
    }
    reply.send();
  }

  statfs(_request: Request, reply: replies.StatfsReply): void {
    reply.statfs({
      blocks: 1000,
      bfree: 600,
      bavail: 500,
      files: 100,
      ffree: 50,
      bsize: 4096,
      frsize: 4096,
      namelen: 255,
    });
  }

  setxattr(request: attributes.SetxattrRequest, reply: replies.OkReply): void {
    this.#node(request.nodeid).xattrs.set(key(request.name), request.value);
    reply.ok();
  }

  getxattr(request: attributes.GetxattrRequest, reply: replies.XattrReply): void {
    const value = this.#node(request.nodeid).xattrs.get(key(request.name));
    if (value) reply.value(value);
    else reply.error(errno.ENODATA);
  }

  listxattr(request: attributes.ListxattrRequest, reply: replies.XattrReply): void {
    const names = [...this.#node(request.nodeid).xattrs.keys()];
    reply.value(Buffer.from(names.map((name) => `${name}\0`).join(""), "latin1"));
  }

  removexattr(request: names.NameRequest, reply: replies.OkReply): void {
    if (!this.#node(request.nodeid).xattrs.delete(key(request.name)))
      throw new ErrnoError(errno.ENODATA, "removexattr");
    reply.ok();
  }

  #entry(node: MemoryNode): Entry {
    return { nodeid: node.nodeid, attr: attrOf(node), entryValid: this.validity, attrValid: this.validity };
  }

  #enter(node: MemoryNode): Entry {
    node.lookups++;
    return this.#entry(node);
  }

  #create(request: Request, name: Buffer, mode: number): MemoryNode {
    const node = this.#newNode(mode, request.uid, request.gid);
    this.#insert(this.#node(request.nodeid), name, node);
    return node;
  }

  #newNode(mode: number, uid: number, gid: number): MemoryNode {
    const node = newNode(this.#nextNodeid++, mode, uid, gid);
    this.nodes.set(node.nodeid, node);
    return node;
  }

  #insert(directory: MemoryNode, name: Buffer, node: MemoryNode): void {
    if (directory.children.has(key(name))) throw new ErrnoError(errno.EEXIST, "create");
    directory.children.set(key(name), node);
  }

  #remove(directory: MemoryNode, name: Buffer): MemoryNode {
    const child = this.#child(directory, name);
    directory.children.delete(key(name));
    return child;
  }

  #child(directory: MemoryNode, name: Buffer): MemoryNode {
    const child = directory.children.get(key(name));
    if (!child) throw new ErrnoError(errno.ENOENT, "lookup");
    return child;
  }

  #node(nodeid: number): MemoryNode {
    const node = this.nodes.get(nodeid);
    if (!node) throw new ErrnoError(errno.ESTALE, "node");
    return node;
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}

const O_TRUNC = 0o1000;
const SEEK_HOLE = 4;

function key(name: Buffer): string {
  return name.toString("latin1");
}
