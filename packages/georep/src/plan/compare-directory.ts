import { close, stampAt, type Stamp } from "@belay/linux";

import { fileIdAt, mentionsInode, type FileId } from "../ids/file-id.ts";
import { dirty, type DirtyRecord } from "../journal/record.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import type { ListedName, ListReply } from "../rpc/list-messages.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { namesIn } from "../tree/names-in.ts";
import { isDirectory } from "../tree/object-state.ts";
import { isGone } from "../tree/read-object.ts";
import { Exclusions, type Exclusion } from "./exclusion.ts";

/** What a comparison found. */
export interface Found {
  readonly dirty: readonly DirtyRecord[];
  /** Directories in it. */
  readonly below: readonly FileId[];
  /** There is nothing in it, and something of ours at the destination. */
  readonly isEmptied: boolean;
}

/** What is compared, and what counts. */
interface Side {
  readonly tree: SourceTree;
  readonly policy: SyncPolicy;
}

/** Compares a directory of the source with its copy, in the portions in which the destination lists it, and each of them in steps. */
export class DirectoryComparison {
  readonly #side: Side;
  readonly #directory: FileId;
  #dirty: DirtyRecord[] = [];
  #below: FileId[] = [];
  #isEmptied = false;
  /** What is not compared yet, in order, the next one last. */
  #names: string[] | undefined;
  #portion: { readonly there: Map<string, ListedName>; readonly upTo: string } | undefined;

  constructor(side: Side, directory: FileId) {
    this.#side = side;
    this.#directory = directory;
  }

  /** Begins with a portion; the one before it is done. */
  take({ names, upTo }: ListReply): void {
    this.#portion = { there: new Map(names.map((each) => [each.name, each])), upTo };
  }

  /**
   * Compares the next names of the portion, `most` or a few more.
   *
   * @returns whether that was all of it
   * @throws ErrnoError of the source; what was found before stays
   */
  step(most: number): boolean {
    const fd = this.#side.tree.openDirectory(this.#directory);
    if (fd === undefined || this.#portion === undefined) return true;
    try {
      const exclusion = new Exclusions(this.#side.tree, this.#side.policy.excludes).of(this.#directory, fd);
      this.#names ??= this.#begin(fd, exclusion, this.#portion.there);
      if (!this.#compareSome(fd, exclusion, this.#names, most)) return false;
      this.#compareRest(exclusion, this.#portion.there);
      this.#portion = undefined;
      return true;
    } finally {
      close(fd);
    }
  }

  /** What was found since the last call. */
  takeFound(): Found {
    const found = { dirty: this.#dirty, below: this.#below, isEmptied: this.#isEmptied };
    this.#dirty = [];
    this.#below = [];
    return found;
  }

  #begin(fd: number, { isWhole }: Exclusion, there: ReadonlyMap<string, ListedName>): string[] {
    this.#add("", dirty.metadata);
    const names = isWhole ? [] : namesIn(fd, this.#directory.equals(this.#side.tree.rootId)).sort().reverse();
    this.#isEmptied = names.length === 0 && !isWhole && [...there.values()].some(({ id }) => id.length > 0);
    return names;
  }

  // Both are in order.
  #compareSome(fd: number, exclusion: Exclusion, left: string[], most: number): boolean {
    const { there, upTo } = this.#portion ?? { there: new Map<string, ListedName>(), upTo: "" };
    for (let done = 0; done < most; done++) {
      const name = left.at(-1);
      if (name === undefined || (upTo !== "" && name > upTo)) return true;
      this.#compareName(fd, exclusion, name, there);
      left.pop();
    }
    return false;
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
    if (stamp === undefined || !this.#isInTree(stamp)) {
      if (listed !== undefined) this.#add(name, dirty.gap);
      return;
    }
    const isEqual = listed !== undefined && isAsApplied(listed, stamp);
    const id = isEqual || isDirectory(stamp.mode) ? idOf(fd, name, stamp, listed) : undefined;
    if (!isEqual || id?.equals(listed.id) !== true) this.#add(name, dirty.gap);
    if (isDirectory(stamp.mode) && id !== undefined) this.#below.push(id);
  }

  #isInTree({ devMajor, devMinor }: Stamp): boolean {
    return `${devMajor}:${devMinor}` === this.#side.tree.device;
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
  try {
    return fileIdAt(fd, Buffer.from(name, "latin1"));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
