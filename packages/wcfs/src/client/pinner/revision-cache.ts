import { join } from "node:path";
import { close, open, statx, O_RDONLY } from "@belay/linux";
import { formatOid, formatTid, type Oid, type Tid } from "@belay/zodb";

/** A file at a moment of the past, open. */
export interface OpenRevision {
  readonly fd: number;
  readonly size: number;
  readonly blksize: number;
}

/** Revisions of one file that are kept open. Blocks changed by one commit are pinned to few revisions. */
const most = 32;

/** AT_EMPTY_PATH: the descriptor itself. */
const ofDescriptor = 0x1000;

/**
 * Opened revisions of a file, the latest used last.
 *
 * Kept open not for speed alone: ranges next to each other that are mapped from one descriptor are one range to the kernel, which
 * allows a process some tens of thousands of them.
 */
export class RevisionCache implements Disposable {
  readonly #mountpoint: string;
  readonly #oid: Oid;
  readonly #open = new Map<Tid, OpenRevision>();

  constructor(mountpoint: string, oid: Oid) {
    this.#mountpoint = mountpoint;
    this.#oid = oid;
  }

  /** @throws ErrnoError */
  get(rev: Tid): OpenRevision {
    const known = this.#open.get(rev);
    if (known !== undefined) this.#open.delete(rev);
    const revision = known ?? this.#openRevision(rev);
    this.#open.set(rev, revision);
    if (this.#open.size > most) this.#closeOldest();
    return revision;
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#open.values()) close(fd);
    this.#open.clear();
  }

  #openRevision(rev: Tid): OpenRevision {
    const fd = open(join(this.#mountpoint, `@${formatTid(rev)}`, "bigfile", formatOid(this.#oid)), O_RDONLY);
    try {
      const { size, blksize } = statx(fd, "", ofDescriptor);
      return { fd, size, blksize };
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  #closeOldest(): void {
    for (const [rev, { fd }] of this.#open) {
      this.#open.delete(rev);
      return close(fd);
    }
  }
}
