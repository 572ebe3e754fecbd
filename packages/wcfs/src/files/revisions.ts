import type { Tid } from "@belay/zodb";
import { RevisionFiles } from "./revision-files.ts";
import type { SpaceParts } from "./revision-files.ts";

/** Milliseconds a revision nobody refers to is kept. */
const KEEP = 60_000;

interface Entry {
  readonly files: RevisionFiles;
  /** Whether the kernel refers to the directory or to anything in it. */
  readonly inUse: () => boolean;
  lastUse: number;
}

/** The tables of the revisions that are or were lately looked at. */
export class Revisions {
  readonly #parts: SpaceParts;
  readonly #entries = new Map<Tid, Entry>();

  constructor(parts: SpaceParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * The files of a revision.
   *
   * @param inUse told by the directory that shows them
   */
  open(rev: Tid, inUse: (files: RevisionFiles) => boolean, now: number): RevisionFiles {
    const entry = this.#entries.get(rev);
    if (entry !== undefined) {
      entry.lastUse = now;
      return entry.files;
    }
    const files = new RevisionFiles(this.#parts, rev);
    this.#entries.set(rev, { files, inUse: () => inUse(files), lastUse: now });
    return files;
  }

  /** Drops what was left alone long enough. @returns the revisions dropped */
  sweep(now: number): Tid[] {
    const dropped: Tid[] = [];
    for (const [rev, entry] of this.#entries) {
      if (entry.inUse()) entry.lastUse = now;
      if (now - entry.lastUse < KEEP) continue;
      entry.files.drop();
      this.#entries.delete(rev);
      dropped.push(rev);
    }
    return dropped;
  }
}
