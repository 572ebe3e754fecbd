import { ErrnoError, errno } from "@belay/linux";
import type { Tid } from "@belay/zodb";
import type { RevisionFiles } from "../files/revision-files.ts";
import type { Revisions } from "../files/revisions.ts";
import type { TidWaiters } from "../files/tid-waiters.ts";
import { directoryAttributes, FilesDirectory, FixedDirectory, parseHex16 } from "./directories.ts";
import { ROOT_ID } from "./node-table.ts";
import type { Answer, Attributes, Directory, TreeNode } from "./node.ts";

/** What the root needs from the rest of the server. */
export interface RootParts {
  /** `.wcfs` and `head`. */
  readonly fixed: Readonly<Record<string, TreeNode>>;
  readonly revisions: Revisions;
  readonly waiters: TidWaiters;
  /** The newest commit shown. */
  shownHead(): Tid;
  nextId(): number;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
}

interface RevisionDirectory {
  readonly name: string;
  readonly directory: FixedDirectory;
  readonly files: FilesDirectory;
}

/** `/`: the fixed directories, and every revision that is asked for as `@<tid>`. */
export class RootDirectory implements Directory {
  readonly kind = "directory";
  readonly id = ROOT_ID;
  references = 0;
  readonly #parts: RootParts;
  readonly #revisions = new Map<Tid, RevisionDirectory>();

  constructor(parts: RootParts) {
    this.#parts = parts;
  }

  attributes(): Attributes {
    return directoryAttributes(0o755, 0n);
  }

  /** A revision that does not exist yet is waited for. */
  lookup(name: string, answer: Answer<TreeNode>): void {
    const { fixed, waiters } = this.#parts;
    const child = Object.hasOwn(fixed, name) ? fixed[name] : undefined;
    if (child !== undefined) return answer.give(child);
    const rev = name.startsWith("@") ? parseHex16(name.slice(1)) : undefined;
    // Tid 0 is before every transaction, and the storage takes it for something else.
    if (rev === undefined || rev === 0n) throw new ErrnoError(errno.EINVAL, "lookup", name);
    if (rev <= this.#parts.shownHead()) return answer.give(this.#revision(rev, name).directory);
    const giveUp = waiters.wait(rev, () => answer.give(this.#revision(rev, name).directory));
    answer.onInterrupt(() => {
      giveUp();
      answer.refuse(errno.EINTR);
    });
  }

  *entries(): Iterable<readonly [string, TreeNode]> {
    yield* Object.entries(this.#parts.fixed);
    for (const { name, directory } of this.#revisions.values()) if (directory.references > 0) yield [name, directory];
  }

  /** Drops the revisions nobody has used for a while. */
  sweep(): void {
    for (const rev of this.#parts.revisions.sweep(this.#parts.now())) this.#revisions.delete(rev);
  }

  #revision(rev: Tid, name: string): RevisionDirectory {
    const files = this.#parts.revisions.open(rev, (space) => this.#inUse(rev, space), this.#parts.now());
    const known = this.#revisions.get(rev);
    if (known !== undefined) return known;
    const filesDirectory = new FilesDirectory(this.#parts.nextId(), files);
    const directory = new FixedDirectory(this.#parts.nextId(), {
      permissions: 0o555,
      children: { bigfile: filesDirectory },
      time: rev,
    });
    const made = { name, directory, files: filesDirectory };
    this.#revisions.set(rev, made);
    return made;
  }

  #inUse(rev: Tid, space: RevisionFiles): boolean {
    const shown = this.#revisions.get(rev);
    if (shown !== undefined && shown.directory.references + shown.files.references > 0) return true;
    for (const file of space.files()) if (file.references > 0) return true;
    return false;
  }
}
