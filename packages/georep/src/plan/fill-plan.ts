import {
  close,
  DT_REG,
  fileStampOf,
  flistxattr,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  openatRaw,
  preadRaw,
  type DirectoryEntry,
  type FileStamp,
} from "@belay/linux";
import { errnoName } from "@belay/supervise";

import { fileIdAt, type FileId } from "../ids/file-id.ts";
import { isReplicated } from "../policy/attributes.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import { endNewFiles, writeNewFile, type NewFile } from "../rpc/fill-messages.ts";
import { maxInline } from "../rpc/messages.ts";
import { WireWriter } from "../rpc/wire.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { isRegular } from "../tree/object-state.ts";
import type { DirtyName } from "./dirty-set.ts";
import { nameToFill, type Filling } from "./fill-directory.ts";
import { deviceOf } from "../tree/read-object.ts";
import { portion, settledAfterNs } from "./portion.ts";

/** What one `fill` will say. */
export interface FillPlan {
  /** The message, in the memory that was given for it. */
  readonly message: Buffer;
  /** Its files, in their order. */
  readonly files: readonly DirectoryEntry[];
  /** What has to be looked at as any other name is. */
  readonly rest: readonly DirtyName[];
  /** Bytes of content in it. */
  readonly bytes: number;
  /** Index of the first entry that was not looked at. */
  readonly next: number;
}

/** What a plan is made with. */
export interface FillContext {
  readonly tree: SourceTree;
  readonly policy: SyncPolicy;
  /** For the message, see {@link newFillMemory}. */
  readonly memory: Buffer;
}

/** What a file takes in a message besides its content, at most. */
const mostOverhead = 512;

/** Memory that is large enough for the message of any plan. */
export const newFillMemory = (): Buffer =>
  Buffer.allocUnsafeSlow(portion.bytes + maxInline + (portion.names + 1) * mostOverhead);

/**
 * Looks at files of a directory that is empty at the destination, and puts together what it needs to make them.
 *
 * A file's state is looked at before its content: when it changes in between, its ctime tells so later on, and the change itself is told of. What is
 * not a small file with one name and no attributes is left to be looked at as any other name is, and so is what fails.
 *
 * @param from  index of the first entry to look at; one at least is
 */
export function planFill({ tree, policy, memory }: FillContext, filling: Filling, from: number): FillPlan {
  const { directory, entries } = filling;
  const message = new WireWriter(memory).bytes(directory);
  const [files, rest]: [DirectoryEntry[], DirtyName[]] = [[], []];
  const end = Math.min(entries.length, from + portion.names);
  const dirfd = openOrNone(tree, directory);
  const settledBefore = BigInt(Date.now()) * 1_000_000n - settledAfterNs;
  let [next, bytes] = [from, 0];
  for (; next < end && bytes < portion.bytes; next++) {
    const entry = entries[next];
    if (entry === undefined) continue;
    const file = dirfd === undefined || entry.type !== DT_REG ? undefined : lookAt(dirfd, entry, { tree, policy, settledBefore }); // prettier-ignore
    if (file === undefined) {
      rest.push(nameToFill(filling, entry));
      continue;
    }
    writeNewFile(message, file);
    files.push(entry);
    bytes += file.content.length;
  }
  if (dirfd !== undefined) close(dirfd);
  endNewFiles(message);
  return { message: message.finish(), files, rest, bytes, next };
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

interface LookContext extends Pick<FillContext, "tree" | "policy"> {
  readonly settledBefore: bigint;
}

const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

function lookAt(dirfd: number, { cName }: DirectoryEntry, context: LookContext): NewFile | undefined {
  const fd = openatRaw(dirfd, cName, flags, 0);
  if (fd < 0) return undefined;
  try {
    const stamp = fileStampOf(fd);
    if (!isPlain(stamp, context.tree) || hasAttributes(fd, context.policy)) return undefined;
    const { mode, uid, gid, mtime, ctime, size } = stamp;
    if (size > 0 && preadRaw(fd, content, size, 0) !== size) return undefined;
    const isSettled = ctime < context.settledBefore;
    const id = fileIdAt(fd, "");
    return { id, cName, mode, uid, gid, mtime, ctime: isSettled ? ctime : 0n, content: content.subarray(0, size) };
  } catch (error) {
    if (errnoName(error) === undefined) throw error;
    return undefined;
  } finally {
    close(fd);
  }
}

// One for all files: it is in the message before the next one is looked at.
const content = Buffer.allocUnsafeSlow(maxInline);

function isPlain(stamp: FileStamp, tree: SourceTree): boolean {
  return isRegular(stamp.mode) && stamp.nlink === 1 && stamp.size <= maxInline && deviceOf(stamp) === tree.device;
}

function hasAttributes(fd: number, policy: SyncPolicy): boolean {
  return flistxattr(fd).some((name) => isReplicated({ name }, policy));
}
