import { close, stampAt, type Stamp } from "@belay/linux";

import { mentionsInode, type FileId } from "../ids/file-id.ts";
import { dirty, type DirtyRecord } from "../journal/record.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import type { ListedName, ListReply } from "../rpc/list-messages.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { isDirectory } from "../tree/object-state.ts";
import { Exclusions, type Exclusion } from "./exclusion.ts";
import { idAtName, indexesOf, isOnDevice, type NameRange, type SourceNames } from "./source-names.ts";
import { sourceDigest } from "./source-digest.ts";

/** What a comparison found. */
export interface Found {
  readonly dirty: readonly DirtyRecord[];
  /** Directories in it. */
  readonly below: readonly FileId[];
  /** There is nothing in it, and something of ours at the destination. */
  readonly isEmptied: boolean;
  /** These names differ somehow: they have to be told one by one. */
  readonly differing: NameRange | undefined;
}

/** What is compared, and what counts. */
export interface Side {
  readonly tree: SourceTree;
  readonly policy: SyncPolicy;
}

/** What a comparison is about. */
export interface NamesOfDirectory {
  readonly side: Side;
  readonly directory: FileId;
  readonly names: SourceNames;
  readonly range: NameRange;
}

/** What the destination has told, with what of it was not compared yet, and where in the names of the source that is. */
interface Portion {
  readonly reply: ListReply;
  readonly there: Map<string, ListedName>;
  at: number | undefined;
}

/** Compares names of a directory of the source with its copy, in the portions in which the destination lists it, and each of them in steps. */
export class DirectoryComparison {
  readonly #side: Side;
  readonly #directory: FileId;
  readonly #names: SourceNames;
  readonly #range: NameRange;
  /** Where the portion begins. */
  #after: string;
  #dirty: DirtyRecord[] = [];
  #below: FileId[] = [];
  #isEmptied = false;
  #differing: NameRange | undefined;
  #portion: Portion | undefined;

  constructor({ side, directory, names, range }: NamesOfDirectory) {
    this.#side = side;
    this.#directory = directory;
    this.#names = names;
    this.#range = range;
    this.#after = range.after;
  }

  /** Begins with a portion; the one before it is done. */
  take(reply: ListReply): void {
    this.#portion = { reply, there: new Map(reply.names.map((each) => [each.name, each])), at: undefined };
  }

  /**
   * Compares the next names of the portion, `most` or a few more; all of it by digest.
   *
   * @returns whether that was all of it
   * @throws ErrnoError of the source; what was found before stays
   */
  step(most: number): boolean {
    const portion = this.#portion;
    const fd = this.#side.tree.openDirectory(this.#directory);
    if (fd === undefined || portion === undefined) return true;
    try {
      const exclusion = new Exclusions(this.#side.tree, this.#side.policy.excludes).of(this.#directory, fd);
      const isOver =
        portion.reply.digest.length > 0
          ? this.#compareDigest(fd, exclusion, portion.reply)
          : this.#compareNames(fd, exclusion, portion, most);
      if (isOver) this.#after = portion.reply.upTo;
      return isOver;
    } finally {
      close(fd);
    }
  }

  /** What was found since the last call. */
  takeFound(): Found {
    const found = {
      dirty: this.#dirty,
      below: this.#below,
      isEmptied: this.#isEmptied,
      differing: this.#differing,
    };
    this.#dirty = [];
    this.#below = [];
    this.#differing = undefined;
    return found;
  }

  #namesOf(fd: number, exclusion: Exclusion): readonly string[] {
    return this.#names.read(fd, this.#directory.equals(this.#side.tree.rootId), exclusion);
  }

  #endOf({ upTo }: ListReply): string {
    return upTo === "" ? this.#range.upTo : upTo;
  }

  #compareDigest(fd: number, exclusion: Exclusion, reply: ListReply): boolean {
    const range = { after: this.#after, upTo: this.#endOf(reply) };
    const names = this.#namesOf(fd, exclusion);
    const own = sourceDigest({ tree: this.#side.tree, directory: this.#directory, fd, exclusion, names, range });
    if (own?.digest.equals(reply.digest) === true) this.#below.push(...own.below);
    else this.#differing = range;
    return true;
  }

  #compareNames(fd: number, exclusion: Exclusion, portion: Portion, most: number): boolean {
    const names = this.#namesOf(fd, exclusion);
    const [first, end] = indexesOf(names, { after: this.#after, upTo: this.#endOf(portion.reply) });
    if (portion.at === undefined) this.#begin(names, exclusion, portion.there);
    const from = portion.at ?? first;
    portion.at = Math.min(from + most, end);
    for (const name of names.slice(from, portion.at)) this.#compareName(fd, exclusion, name, portion.there);
    if (portion.at < end) return false;
    this.#compareRest(exclusion, portion.there);
    return true;
  }

  #begin(names: readonly string[], { isWhole }: Exclusion, there: ReadonlyMap<string, ListedName>): void {
    if (this.#after !== this.#range.after) return;
    this.#add("", dirty.metadata);
    this.#isEmptied = names.length === 0 && !isWhole && [...there.values()].some(({ id }) => id.length > 0);
  }

  // What the destination has and we have not has to go there.
  #compareRest({ isWhole, leavesOut }: Exclusion, there: ReadonlyMap<string, ListedName>): void {
    const { policy } = this.#side;
    for (const { name, mode } of there.values())
      if (policy.deleteExcluded || !(isWhole || leavesOut(Buffer.from(name, "latin1"), isDirectory(mode))))
        this.#add(name, dirty.entry);
  }

  #compareName(fd: number, { leavesOut }: Exclusion, name: string, there: Map<string, ListedName>): void {
    const stamp = stampAt(fd, name);
    if (stamp !== undefined && leavesOut(Buffer.from(name, "latin1"), isDirectory(stamp.mode))) return;
    const listed = there.get(name);
    there.delete(name);
    if (stamp === undefined || !isOnDevice(stamp, this.#side.tree)) {
      if (listed !== undefined) this.#add(name, dirty.gap);
      return;
    }
    const isEqual = listed !== undefined && isAsApplied(listed, stamp);
    const id = isEqual || isDirectory(stamp.mode) ? idOf(fd, name, stamp, listed) : undefined;
    if (listed === undefined) this.#add(name, dirty.gap | dirty.absent);
    else if (!isEqual || id?.equals(listed.id) !== true) this.#add(name, dirty.gap);
    if (!isDirectory(stamp.mode) || id === undefined) return;
    this.#side.tree.places.learn(id, this.#directory, Buffer.from(name, "latin1"));
    this.#below.push(id);
  }

  #add(name: string, kinds: number): void {
    const bytes = name === "" ? nothing : Buffer.from(name, "latin1");
    this.#dirty.push({ kinds, directory: this.#directory, name: bytes, object: nothing });
  }
}

const nothing = Buffer.alloc(0);

const isAsApplied = (listed: ListedName, { mode, mtime, ctime }: Stamp): boolean =>
  listed.intact && listed.mode === mode && listed.mtime === mtime && listed.ctime === ctime;

// A ctime is not given twice: with the same one, an inode of the same number is the one we know.
function idOf(fd: number, name: string, stamp: Stamp, listed: ListedName | undefined): FileId | undefined {
  if (listed?.ctime === stamp.ctime && mentionsInode(listed.id, stamp.ino)) return Buffer.from(listed.id);
  return idAtName(fd, name);
}
