import { readdirSync } from "node:fs";

import {
  close,
  IN_ATTRIB,
  IN_CLOSE_WRITE,
  IN_CREATE,
  IN_DELETE,
  IN_DONT_FOLLOW,
  IN_EXCL_UNLINK,
  IN_IGNORED,
  IN_ISDIR,
  IN_MODIFY,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONLYDIR,
  IN_Q_OVERFLOW,
  inotifyAddWatch,
  inotifyInit1,
  inotifyRead,
  type InotifyEvent,
} from "@belay/linux";
import { BelayError, hasCode } from "@belay/supervise";

import { fileIdAt, keyOf, type FileId } from "../ids/file-id.ts";
import { dirty, type DirtyRecord } from "../journal/record.ts";
import { deviceOf, isGone, pathAt, statAt } from "../tree/read-object.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { isDirectory } from "../tree/object-state.ts";
import { gapRecord, type ChangeSource, type SourceContext } from "./change-source.ts";
import { watchDescriptor } from "./descriptor-source.ts";

const entryEvents = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
const dataEvents = IN_MODIFY | IN_CLOSE_WRITE;
const watched = entryEvents | dataEvents | IN_ATTRIB | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK;

/**
 * Watches every directory of the tree by itself, through inotify(7): works without privileges, costs a walk at the start and a watch for
 * each directory.
 *
 * @throws BelayError `EWATCHES` when the user's watches are used up; later on that settles `failed`
 */
export async function watchByInotify(context: SourceContext): Promise<ChangeSource> {
  const fd = inotifyInit1();
  const watches = new Watches(context, fd);
  try {
    await Promise.resolve();
    watches.walk(context.tree.rootId);
  } catch (error) {
    close(fd);
    throw isOutOfWatches(error) ? outOfWatches(error) : error;
  }
  const drain = () => {
    for (let events = inotifyRead(fd); events.length > 0; events = inotifyRead(fd))
      context.tell(events.flatMap((event) => watches.recordsOf(event)));
  };
  const drainOrFail = () => {
    try {
      drain();
    } catch (error) {
      throw isOutOfWatches(error) ? outOfWatches(error) : error;
    }
  };
  return watchDescriptor("inotify", fd, drainOrFail);
}

const isOutOfWatches = (error: unknown) => hasCode(error, "ENOSPC", "EMFILE");

function outOfWatches(cause: unknown): BelayError {
  const hint = "raise them: sysctl fs.inotify.max_user_watches=1048576 fs.inotify.max_user_instances=1024";
  return new BelayError("EWATCHES", "the user's inotify watches are used up: each directory takes one", {
    hint,
    cause,
  });
}

class Watches {
  readonly #context: SourceContext;
  readonly #fd: number;
  readonly #directories = new Map<number, FileId>();
  /** Directories that we may not look into: what is in them is not watched until we may. */
  readonly #closed = new Map<string, FileId>();

  constructor(context: SourceContext, fd: number) {
    this.#context = context;
    this.#fd = fd;
  }

  recordsOf({ wd, mask, name }: InotifyEvent): DirtyRecord[] {
    if ((mask & IN_Q_OVERFLOW) !== 0) return this.#overflow();
    const directory = this.#directories.get(wd);
    if (directory === undefined) return [];
    if ((mask & IN_IGNORED) !== 0) {
      this.#directories.delete(wd);
      this.#context.tree.places.forget(directory); // it is deleted: its watch is gone with it
      return [];
    }
    const records = [{ kinds: kindsOf(mask), directory, name: Buffer.from(name), object: Buffer.alloc(0) }];
    if ((mask & IN_ISDIR) === 0) return records;
    // What happened in it before it was watched was told by nobody.
    if ((mask & (IN_CREATE | IN_MOVED_TO)) !== 0) return [...records, ...this.#enter(directory, name)];
    return (mask & IN_ATTRIB) === 0 ? records : [...records, ...this.#lookAgain()];
  }

  /** Watches a directory and all below it. One that we may not look into keeps nothing else from being watched. */
  walk(id: FileId): void {
    try {
      this.#closed.delete(keyOf(id));
      this.#walk(id);
    } catch (error) {
      if (!hasCode(error, "EACCES")) throw error;
      this.#closed.set(keyOf(id), id);
    }
  }

  #walk(id: FileId): void {
    const fd = this.#context.tree.openDirectory(id);
    if (fd === undefined) return;
    try {
      const wd = inotifyAddWatch(this.#fd, pathAt(fd, Buffer.alloc(0)), watched);
      this.#directories.set(wd, id);
      for (const entry of readdirSync(`/proc/self/fd/${fd}`, { encoding: "buffer", withFileTypes: true }))
        if (entry.isDirectory()) this.#walkInto(id, fd, entry.name);
    } finally {
      close(fd);
    }
  }

  #walkInto(parent: FileId, dirfd: number, name: Buffer): FileId | undefined {
    const { tree } = this.#context;
    if (parent.equals(tree.rootId) && name.toString("latin1") === stateDirectoryName) return undefined;
    try {
      const stat = statAt(dirfd, name);
      if (stat === undefined || !isDirectory(stat.mode) || deviceOf(stat) !== tree.device) return undefined;
      const id = fileIdAt(dirfd, name);
      tree.places.learn(id, parent, name);
      this.walk(id);
      return id;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  #enter(parent: FileId, name: Buffer): DirtyRecord[] {
    let fd: number | undefined;
    try {
      fd = this.#context.tree.openDirectory(parent);
      const id = fd === undefined ? undefined : this.#walkInto(parent, fd, name);
      return id === undefined ? [] : [gapRecord(dirty.gap, id)];
    } catch (error) {
      if (!hasCode(error, "EACCES")) throw error;
      this.#closed.set(keyOf(parent), parent);
      return [];
    } finally {
      if (fd !== undefined) close(fd);
    }
  }

  // The mode of a directory has changed, perhaps one on the way to those.
  #lookAgain(): DirtyRecord[] {
    const before = [...this.#closed.values()];
    for (const id of before) this.walk(id);
    return before.filter((id) => !this.#closed.has(keyOf(id))).map((id) => gapRecord(dirty.gap, id));
  }

  #overflow(): DirtyRecord[] {
    const { logger, tree } = this.#context;
    logger.warn("the kernel has dropped events: the whole tree will be watched anew and compared");
    this.walk(tree.rootId);
    return [gapRecord(dirty.gap, tree.rootId)];
  }
}

function kindsOf(mask: number): number {
  const entry = (mask & entryEvents) === 0 ? 0 : dirty.entry;
  const data = (mask & dataEvents) === 0 ? 0 : dirty.data;
  return entry | data | ((mask & IN_ATTRIB) === 0 ? 0 : dirty.metadata);
}
