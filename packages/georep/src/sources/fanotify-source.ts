import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  close,
  FAN_ATTRIB,
  FAN_CLOSE_WRITE,
  FAN_CREATE,
  FAN_DELETE,
  FAN_MARK_ADD,
  FAN_MARK_FILESYSTEM,
  FAN_MODIFY,
  FAN_ONDIR,
  FAN_Q_OVERFLOW,
  FAN_RENAME,
  FAN_REPORT_DFID_NAME,
  FAN_REPORT_FID,
  FAN_REPORT_TARGET_FID,
  fanotifyInit,
  fanotifyMark,
  fanotifyReadOf,
  O_DIRECTORY,
  O_PATH,
  openByHandleAt,
  statx,
  type FanotifyEvent,
  type FanotifyObject,
} from "@belay/linux";
import { BelayError, errnoName } from "@belay/supervise";
import { keyOf } from "../ids/file-id.ts";
import { dirty, type DirtyRecord } from "../journal/record.ts";
import { gapRecord, type ChangeSource, type SourceContext } from "./change-source.ts";
import { watchDescriptor } from "./descriptor-source.ts";
import { IgnoredDirectories } from "./ignored-directories.ts";

const entryEvents = FAN_CREATE | FAN_DELETE | FAN_RENAME;
const dataEvents = FAN_MODIFY | FAN_CLOSE_WRITE;

/**
 * Watches the whole file system the tree lies on, through fanotify(7), and picks what is in the tree.
 *
 * Nothing has to be set up for each directory, and both names of a rename come in one event. Writing through a mapping is told only when the
 * file is closed.
 *
 * @throws BelayError `EPERM` without CAP_DAC_READ_SEARCH; ErrnoError EPERM without CAP_SYS_ADMIN, EINVAL before Linux 5.17, EOPNOTSUPP or ENODEV for a file system without handles
 */
export function watchByFanotify(context: SourceContext): ChangeSource {
  // It tells of directories by their handles alone.
  if (!context.tree.opensHandles) throw new BelayError("EPERM", "this process may not open file handles");
  const fd = fanotifyInit(FAN_REPORT_FID | FAN_REPORT_DFID_NAME | FAN_REPORT_TARGET_FID);
  try {
    const mask = entryEvents | dataEvents | FAN_ATTRIB | FAN_ONDIR;
    fanotifyMark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, mask, AT_FDCWD, context.path);
  } catch (error) {
    close(fd);
    throw error;
  }
  const filter = new TreeFilter(context, new IgnoredDirectories(fd, context.tree.root));
  const buffer = Buffer.allocUnsafe(256 * 1024);
  const drain = () => {
    for (;;) {
      const events = fanotifyReadOf(fd, buffer, filter.mayMatter);
      if (events === undefined) return;
      const records: DirtyRecord[] = [];
      for (const event of events) records.push(...filter.recordsOf(event));
      if (records.length > 0) context.tell(records);
    }
  };
  return watchDescriptor("fanotify", fd, drain);
}

interface KnownDirectory {
  readonly isInside: boolean;
  /** It is deleted: nobody knows where it was. */
  readonly isGone: boolean;
  /** Events that named it. */
  count: number;
}

// Knows of directories whether they lie in the tree; asked anew after a directory in it was renamed, or came or went by that. Mostly the next
// event is of the same directory; where both ends share a file system, it is often one that our own receiving end writes to.
class TreeFilter {
  readonly #context: SourceContext;
  readonly #ignored: IgnoredDirectories;
  readonly #known = new Map<string, KnownDirectory>();
  #last = Buffer.alloc(0);
  #lastKnown: KnownDirectory = { isInside: false, isGone: false, count: 0 };

  constructor(context: SourceContext, ignored: IgnoredDirectories) {
    this.#context = context;
    this.#ignored = ignored;
  }

  recordsOf(event: FanotifyEvent): DirtyRecord[] {
    const { mask, entry, oldEntry, object } = event;
    if ((mask & FAN_Q_OVERFLOW) !== 0) {
      this.#forget(); // among what was dropped may be that a directory has moved
      this.#context.logger.warn("the kernel has dropped events: the whole tree will be compared");
      return [gapRecord(dirty.gap, this.#context.tree.rootId)];
    }
    if ((mask & FAN_RENAME) !== 0 && (mask & FAN_ONDIR) !== 0) this.#forget();
    const kinds = kindsOf(mask);
    const records = [oldEntry, entry].flatMap((at) => (at === undefined ? [] : this.#record(kinds, at, object)));
    // Nobody looked at what happened in a directory while it was elsewhere.
    const cameIn = oldEntry !== undefined && (mask & FAN_ONDIR) !== 0 && records.length === 1;
    if (cameIn && object !== undefined) records.push(gapRecord(dirty.gap, object.handle));
    return records;
  }

  #record(kinds: number, { handle, name }: FanotifyObject, object: FanotifyObject | undefined): DirtyRecord[] {
    if (!this.#knownOf(handle).isInside && !this.#isOfOthers(kinds, handle, object)) return [];
    const isSelf = name === undefined || (name.length === 1 && name[0] === 0x2e);
    return [
      { kinds, directory: handle, name: isSelf ? Buffer.alloc(0) : name, object: object?.handle ?? Buffer.alloc(0) },
    ];
  }

  /** Tells whether a directory lies in the tree now, or may have. */
  readonly mayMatter = (handle: Buffer): boolean => {
    const { isInside, isGone } = this.#knownOf(handle);
    return isInside || isGone;
  };

  // A file that was written to in a directory that is gone may have another name in the tree.
  #isOfOthers(kinds: number, handle: Buffer, object: FanotifyObject | undefined): boolean {
    if ((kinds & (dirty.data | dirty.metadata)) === 0 || object === undefined) return false;
    if (!this.#knownOf(handle).isGone) return false;
    const { tree } = this.#context;
    const fd = tree.openFile(object.handle) ?? tree.openOther(object.handle);
    if (fd !== undefined) close(fd);
    return fd !== undefined;
  }

  #knownOf(handle: Buffer): KnownDirectory {
    if (!handle.equals(this.#last)) {
      this.#lastKnown = this.#look(handle);
      this.#last = Buffer.from(handle);
    }
    const known = this.#lastKnown;
    known.count++;
    if (!known.isInside) this.#ignored.noteEvents(handle, known.count);
    return known;
  }

  #look(handle: Buffer): KnownDirectory {
    const key = keyOf(handle);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const fd = this.#context.tree.openDirectory(handle);
    if (fd !== undefined) close(fd);
    if (this.#known.size > 200_000) this.#known.clear();
    const looked = { isInside: fd !== undefined, isGone: fd === undefined && this.#isGone(handle), count: 0 };
    this.#known.set(key, looked);
    return looked;
  }

  #isGone(handle: Buffer): boolean {
    let fd: number | undefined;
    try {
      fd = openByHandleAt(this.#context.tree.root, handle, O_PATH | O_DIRECTORY);
      return fd === undefined || statx(fd, "", AT_EMPTY_PATH).nlink === 0;
    } catch (error) {
      if (errnoName(error) === undefined) throw error;
      return false;
    } finally {
      if (fd !== undefined) close(fd);
    }
  }

  #forget(): void {
    this.#ignored.clear();
    this.#known.clear();
    this.#last = Buffer.alloc(0);
  }
}

function kindsOf(mask: number): number {
  const entry = (mask & entryEvents) === 0 ? 0 : dirty.entry;
  const data = (mask & dataEvents) === 0 ? 0 : dirty.data;
  return entry | data | ((mask & FAN_ATTRIB) === 0 ? 0 : dirty.metadata);
}
