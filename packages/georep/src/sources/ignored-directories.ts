import {
  AT_FDCWD,
  close,
  FAN_ATTRIB,
  FAN_CLOSE_WRITE,
  FAN_CREATE,
  FAN_DELETE,
  FAN_EVENT_ON_CHILD,
  FAN_MARK_ADD,
  FAN_MARK_EVICTABLE,
  FAN_MARK_FLUSH,
  FAN_MARK_IGNORE,
  FAN_MARK_IGNORED_SURV_MODIFY,
  FAN_MODIFY,
  fanotifyMark,
  O_DIRECTORY,
  O_RDONLY,
  openByHandleAt,
} from "@belay/linux";
import { errnoName } from "@belay/supervise";

/** So many events of a directory are as dear as to have no more of them. */
const worthwhile = 8;

/** Most directories that are ignored at once; each is a mark in the kernel. */
const mostIgnored = 4000;

// Never renames: one may bring a file, or a directory with all that is ignored below it, into the tree. Without FAN_ONDIR nothing that becomes
// of a directory is ignored either.
const ignoredEvents = FAN_CREATE | FAN_DELETE | FAN_MODIFY | FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_EVENT_ON_CHILD;

/**
 * Directories of the watched file system that lie outside the tree, and of which the kernel need not tell: where much happens outside, as where our
 * own receiving end writes to the same file system, its queue would run over, and whoever writes pays for each event.
 */
export class IgnoredDirectories {
  readonly #fd: number;
  readonly #mount: number;
  #count = 0;
  #isAble = true;

  /**
   * @param fd  the fanotify group
   * @param mount  any file of the file system
   */
  constructor(fd: number, mount: number) {
    this.#fd = fd;
    this.#mount = mount;
  }

  /** Notes that a directory outside the tree has had so many events by now. */
  noteEvents(directory: Buffer, count: number): void {
    if (count === worthwhile && this.#isAble && this.#count < mostIgnored) this.#ignore(directory);
  }

  /** All is told again: what lay outside may lie in the tree by now. */
  clear(): void {
    if (this.#count === 0) return;
    this.#count = 0;
    fanotifyMark(this.#fd, FAN_MARK_FLUSH, 0, AT_FDCWD, ".");
  }

  #ignore(directory: Buffer): void {
    let opened: number | undefined;
    try {
      opened = openByHandleAt(this.#mount, directory, O_RDONLY | O_DIRECTORY);
      if (opened === undefined) return;
      const flags = FAN_MARK_ADD | FAN_MARK_IGNORE | FAN_MARK_IGNORED_SURV_MODIFY | FAN_MARK_EVICTABLE;
      fanotifyMark(this.#fd, flags, ignoredEvents, opened, ".");
      this.#count++;
    } catch (error) {
      if (errnoName(error) === undefined) throw error;
      this.#isAble = false; // before Linux 6.0, or as many marks as this user may have: then they are told and left out
    } finally {
      if (opened !== undefined) close(opened);
    }
  }
}
