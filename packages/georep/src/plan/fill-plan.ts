import {
  close,
  DT_REG,
  errno,
  flistxattr,
  longestHandle,
  lookAtFile,
  looked,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  preadRaw,
  xattrListLength,
  FixedMemory,
  type DirectoryEntries,
} from "@belay/linux";
import { errnoName } from "@belay/supervise";

import { putFileId, type FileId } from "../ids/file-id.ts";
import { isReplicated } from "../policy/attributes.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import { fileHead, FillWriter, mostContents, mostOverhead, type ContentSlot } from "../rpc/fill-messages.ts";
import { maxInline } from "../rpc/messages.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { isRegular } from "../tree/object-state.ts";
import { deviceOf } from "../tree/read-object.ts";
import type { DirtyName } from "./dirty-set.ts";
import { nameToFill, type Filling } from "./fill-directory.ts";
import { portion, settledAfterNs } from "./portion.ts";

/** What one `fill` will say. */
export interface FillPlan {
  /** The message, in the memory that was given for it. */
  readonly message: Buffer;
  /** Its files, in their order: the index of each among the entries. */
  readonly files: readonly number[];
  /** What has to be looked at as any other name is. */
  readonly rest: readonly DirtyName[];
  /** Bytes of their contents. */
  readonly bytes: number;
  /** Bytes that are under way with it: the message, and contents beside it. */
  readonly size: number;
  /** Index of the first entry that was not looked at. */
  readonly next: number;
}

/** What a `fill` is put together in. */
export interface FillRoom {
  /** For the message, see {@link newFillMemory}. */
  readonly memory: FixedMemory;
  /** For contents; undefined: they are part of the message. */
  readonly slot: ContentSlot | undefined;
}

/** What a plan is made with. */
export interface FillContext extends FillRoom {
  readonly tree: SourceTree;
  readonly policy: SyncPolicy;
}

/** Memory that is large enough for the message of any plan. */
export const newFillMemory = (): FixedMemory =>
  new FixedMemory(mostContents + (portion.names + 1) * (mostOverhead + longestHandle));

/**
 * Looks at files of a directory that is empty at the destination, and puts together what it needs to make them.
 *
 * A file's state is looked at before its content: when it changes in between, its ctime tells so later on, and the change itself is told of. What is
 * not a small file with one name and no attributes is left to be looked at as any other name is, and so is what fails.
 *
 * @param from  index of the first entry to look at; one at least is
 */
export function planFill({ tree, policy, memory, slot }: FillContext, filling: Filling, from: number): FillPlan {
  const { directory, entries } = filling;
  const writer = new FillWriter(memory, directory, slot);
  const [files, rest]: [number[], DirtyName[]] = [[], []];
  const end = Math.min(entries.length, from + portion.names);
  const dirfd = openOrNone(tree, directory);
  const look = { writer, tree, policy, settledBefore: Date.now() / 1e3 - Number(settledAfterNs) / 1e9 };
  let [next, bytes] = [from, 0];
  for (; next < end && bytes < portion.bytes; next++) {
    const isFile = dirfd !== undefined && entries.type(next) === DT_REG;
    const size = isFile ? takeFile(look, dirfd, entries, next) : undefined;
    if (size === undefined) {
      rest.push(nameToFill(filling, next));
      continue;
    }
    files.push(next);
    bytes += size;
  }
  if (dirfd !== undefined) close(dirfd);
  const message = writer.finish();
  return { message, files, rest, bytes, size: message.length + writer.beside, next };
}

// What is the matter with it is told by the look at each name.
function openOrNone(tree: SourceTree, directory: FileId): number | undefined {
  try {
    return tree.openDirectory(directory);
  } catch (error) {
    if (errnoName(error) === undefined) throw error;
    return undefined;
  }
}

interface Look extends Pick<FillContext, "tree" | "policy"> {
  readonly writer: FillWriter;
  /** Seconds since 1970. */
  readonly settledBefore: number;
}

const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/** @returns bytes of its content; undefined: it has to be looked at as any other name is, and nothing of it is in the message */
function takeFile(look: Look, dirfd: number, entries: DirectoryEntries, index: number): number | undefined {
  const fd = entries.open(dirfd, index, flags);
  if (fd < 0) return undefined;
  try {
    return takeOpenFile(look, fd, entries, index);
  } catch (error) {
    if (errnoName(error) === undefined) throw error;
    return undefined;
  } finally {
    close(fd);
  }
}

function takeOpenFile(look: Look, fd: number, entries: DirectoryEntries, index: number): number | undefined {
  if (lookAtFile(fd) < 0 || !isPlain(look.tree) || hasAttributes(fd, look.policy)) return undefined;
  const { writer, settledBefore } = look;
  const { memory, at } = writer;
  const { mode, uid, gid, size } = looked;
  const { bytes } = memory;
  looked.putMtime(bytes, at + fileHead.mtime);
  if (looked.ctimeSeconds < settledBefore) looked.putCtime(bytes, at + fileHead.ctime);
  else bytes.fill(0, at + fileHead.ctime, at + fileHead.bytes);
  const idAt = at + fileHead.bytes;
  const idLength = putFileId(fd, memory, idAt);
  const nameAt = idAt + idLength;
  const nameLength = entries.putName(index, bytes, nameAt);
  if (size > 0 && preadRaw(fd, writer.contentRoom(nameAt + nameLength, size), size, 0) !== size) return undefined;
  writer.take({ mode, uid, gid }, idLength, nameLength, size);
  return size;
}

function isPlain(tree: SourceTree): boolean {
  if (!isRegular(looked.mode) || looked.nlink !== 1 || looked.size > maxInline) return false;
  return deviceOf(looked) === tree.device;
}

function hasAttributes(fd: number, policy: SyncPolicy): boolean {
  const length = xattrListLength(fd);
  if (length === 0 || length === -errno.EOPNOTSUPP) return false;
  return flistxattr(fd).some((name) => isReplicated({ name }, policy));
}
