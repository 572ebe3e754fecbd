import type { Entry, FileSystem, Opened, ReadReply, ReadRequest, Reply, Request } from "@belay/fuse";
import * as fuse from "@belay/fuse";
import { ErrnoError, errno, POLLIN, POLLOUT } from "@belay/linux";
import type { BigFile } from "../files/big-file.ts";
import type { IsolationGate } from "../files/isolation-gate.ts";
import { bytesInside, sendFromFile } from "../files/read-file.ts";
import { nodeAttr } from "./attributes.ts";
import { HandleTable } from "./handle-table.ts";
import type { NodeTable } from "./node-table.ts";
import type { Answer, Directory, OpenMode, SmallFile, Stream, StreamFile, TreeNode } from "./node.ts";

/** Everything the kernel can know by number. */
export type AnyNode = Directory | SmallFile | StreamFile | BigFile;

/** What the file system needs from the rest of the server. */
export interface FileSystemParts {
  readonly nodes: NodeTable<AnyNode>;
  readonly gate: IsolationGate;
  /** A read of a big file was answered. */
  onRead(file: BigFile, offset: number, length: number): void;
  /** Tells the kernel that a file it polls may be ready now. @param handle  its number of the open file */
  wakePoll(handle: bigint): void;
  /** A read of a big file failed; the caller gets the errno. @returns the errno */
  onReadError(file: BigFile, offset: number, error: unknown): number;
}

/** Seconds the kernel may keep names and attributes. */
const VALID = 1;

/**
 * The tree as the kernel sees it.
 *
 * What is not here is answered ENOSYS, and the kernel stops asking for most of it: nothing can be created, written or changed. OPEN must never be
 * among these, or the kernel would no longer tell of opened links.
 */
export function wcfsFileSystem(parts: FileSystemParts): FileSystem {
  const { nodes } = parts;
  const streams = new HandleTable<Stream>();
  const listings = new HandleTable<readonly (readonly [string, TreeNode])[]>();

  return {
    lookup(request, reply) {
      const answer = answerOf<TreeNode>(request, reply, (node) => {
        nodes.reference(node as AnyNode);
        reply.entry(entryOf(node));
      });
      directory(nodes, request.nodeid).lookup(request.name.toString("latin1"), answer);
    },

    forget: (nodeid, lookups) => nodes.forget(nodeid, lookups),

    getattr(request, reply) {
      const node = known(nodes, request.nodeid);
      reply.attr(nodeAttr(node), validity(node));
    },

    open(request, reply) {
      const node = known(nodes, request.nodeid);
      if (node.kind === "stream") reply.opened(openedStream(streams.add(node.open(request.pid))));
      else if (node.kind === "file") reply.opened(opened(node.mode));
      else reply.opened({ fh: 0, flags: fuse.FOPEN_KEEP_CACHE });
    },

    read(request, reply) {
      const node = known(nodes, request.nodeid);
      const { offset, size } = request;
      if (node.kind === "bigfile") readBigFile(parts, node, request, reply);
      else if (node.kind === "file") reply.data(node.content().subarray(offset, offset + size));
      else if (node.kind === "directory") reply.error(errno.EISDIR);
      else
        streams.get(request.fh).read(
          size,
          answerOf<Uint8Array>(request, reply, (data) => reply.data(data)),
        );
    },

    write(request, reply) {
      if (known(nodes, request.nodeid).kind !== "stream") {
        reply.error(errno.ENOSYS);
        return;
      }
      const data = Buffer.from(request.data);
      streams.get(request.fh).write(data);
      reply.written(data.length);
    },

    // Never ENOSYS: the kernel would then take every file of the mount for readable.
    poll(request, reply) {
      const stream = known(nodes, request.nodeid).kind === "stream" ? streams.get(request.fh) : undefined;
      const isReadable = stream?.isReadable() ?? true;
      if (!isReadable && (request.flags & fuse.FUSE_POLL_SCHEDULE_NOTIFY) !== 0)
        stream?.whenReadable(() => parts.wakePoll(request.kernelHandle));
      reply.poll(POLLOUT | (isReadable ? POLLIN : 0));
    },

    release(request, reply) {
      if (known(nodes, request.nodeid).kind === "stream") streams.take(request.fh).close();
      reply.ok();
    },

    opendir(request, reply) {
      const node = directory(nodes, request.nodeid);
      reply.opened({ fh: listings.add([[".", node], ["..", node], ...node.entries()]) });
    },

    readdir(request, reply) {
      let { offset } = request;
      for (const [name, node] of listings.get(request.fh).slice(offset)) {
        if (!reply.add({ name, ino: node.id, type: node.attributes().mode >> 12, offset: ++offset })) break;
      }
      reply.send();
    },

    releasedir(request, reply) {
      listings.take(request.fh);
      reply.ok();
    },

    statfs: (_request, reply) => reply.statfs({ bsize: 2 << 20, frsize: 2 << 20, namelen: 255 }),
  };
}

function readBigFile(parts: FileSystemParts, file: BigFile, request: ReadRequest, reply: ReadReply): void {
  const { offset, size } = request;
  const asked = bytesInside(file, offset, size);
  if (asked === 0) return reply.data();
  const blk = (at: number) => Math.floor(at / file.blksize);
  const fill = () => {
    // Head may have moved while the gate was closed.
    const length = bytesInside(file, offset, size);
    try {
      sendFromFile(file, reply, offset, length);
    } catch (error) {
      const number = parts.onReadError(file, offset, error);
      if (!reply.answered) reply.error(number);
      return;
    }
    parts.onRead(file, offset, length);
  };
  parts.gate.beforeRead(file, blk(offset), blk(offset + asked - 1), answerOf(request, reply, fill));
}

function known(nodes: NodeTable<AnyNode>, nodeid: number): AnyNode {
  const node = nodes.get(nodeid);
  if (node === undefined) throw new ErrnoError(errno.ESTALE, "node", String(nodeid));
  return node;
}

function directory(nodes: NodeTable<AnyNode>, nodeid: number): Directory {
  const node = known(nodes, nodeid);
  if (node.kind !== "directory") throw new ErrnoError(errno.ENOTDIR, "node", String(nodeid));
  return node;
}

function entryOf(node: TreeNode): Entry {
  return { nodeid: node.id, entryValid: VALID, attrValid: validity(node), attr: nodeAttr(node) };
}

function validity(node: TreeNode): number {
  return node.attributes().stable ? VALID : 0;
}

function opened(mode: OpenMode): Opened {
  const flags = (mode.keepCache ? fuse.FOPEN_KEEP_CACHE : 0) | (mode.direct ? fuse.FOPEN_DIRECT_IO : 0);
  return { fh: 0, flags };
}

function openedStream(handle: number): Opened {
  return { fh: handle, flags: fuse.FOPEN_STREAM | fuse.FOPEN_NONSEEKABLE | fuse.FOPEN_DIRECT_IO };
}

function answerOf<T>(request: Request, reply: Reply, give: (value: T) => void): Answer<T> {
  return {
    give,
    pid: request.pid,
    refuse: (error) => reply.error(error),
    onInterrupt: (callback) => void (request.onInterrupt = callback),
  };
}
