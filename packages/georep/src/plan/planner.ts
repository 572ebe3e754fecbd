import { close, errno, ErrnoError } from "@belay/linux";
import { errnoName, toError } from "@belay/supervise";

import { keyOf, type FileId } from "../ids/file-id.ts";
import { dirty } from "../journal/record.ts";
import { isReplicated } from "../policy/attributes.ts";
import { excludesNothing } from "../policy/excludes.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import {
  maxInline,
  maxXattrs,
  type ApplyRequest,
  type ContentHint,
  type EntryChange,
  type Failure,
  type ObjectChange,
} from "../rpc/messages.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { isDirectory, isRegular, type ObjectState, type Xattr } from "../tree/object-state.ts";
import { deviceOf, readFileAt, readObjectAt, readObjectOf, readOtherOf, statAt } from "../tree/read-object.ts";
import { ContentRoom } from "./content-room.ts";
import type { DirtyName } from "./dirty-set.ts";
import { Exclusions, type Exclusion } from "./exclusion.ts";
import { portion, settledAfterNs } from "./portion.ts";

/** Something that could not be done, or not even be looked at. */
export interface LookFailure extends Failure {
  /** Nobody has looked below what is there, should it be a directory. */
  readonly isUnlooked?: boolean;
}

/** What one `apply` will say, and where the content of its files is to be had. */
export interface Plan {
  readonly request: ApplyRequest;
  /**
   * Directories that are to be compared although they are named only: they may have come from where other things are left out, or nobody has
   * looked below them.
   */
  readonly crawl: readonly FileId[];
  /** Directories that the destination had nothing in the place of: it makes them, unless they are elsewhere there. */
  readonly absent: readonly FileId[];
  /** What could not be looked at. */
  readonly failures: readonly LookFailure[];
  /** A name of each object at the source, by object. */
  readonly places: ReadonlyMap<string, { readonly directory: FileId; readonly name: Buffer }>;
  /** Bytes of content in it. */
  readonly bytes: number;
  /** Index of the first name that was not looked at, as it is full. */
  readonly next: number;
}

/** Where a program sends the content, it is better asked for many files at once. */
const programNames = 250;

const nothing = Buffer.alloc(0);

/** What a plan is made with. */
export interface PlanContext {
  readonly tree: SourceTree;
  readonly policy: SyncPolicy;
  readonly room: ContentRoom;
}

/** A room that is large enough for any plan. */
export const newContentRoom = (): ContentRoom => new ContentRoom(portion.bytes + maxInline);

/**
 * Looks at the source as it is now, and puts together what the destination has to be like.
 *
 * What is dirty only tells where to look. A directory that is gone needs no word: its name in its own directory is dirty, too.
 *
 * @param context  its room holds the content of the plan, until it is used again
 * @param from  index of the first name to look at; the plan tells how far it got, one name at least
 */
export function makePlan({ tree, policy, room }: PlanContext, names: readonly DirtyName[], from = 0): Plan {
  using planning = new Planning({ tree, policy, room });
  const end = Math.min(names.length, from + (policy.engine === "stream" ? portion.names : programNames));
  let next = from;
  while (next < end && planning.bytes + planning.attributeBytes < portion.bytes) {
    const name = names[next++];
    if (name !== undefined) planning.look(name);
  }
  return planning.plan(next);
}

/** Most directories that are kept open within one plan. */
const mostOpen = 64;

class Planning implements Disposable {
  readonly #tree: SourceTree;
  readonly #room: ContentRoom;
  readonly #policy: SyncPolicy;
  readonly #objects: ObjectChange[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #entries: EntryChange[] = [];
  readonly #places = new Map<string, { directory: FileId; name: Buffer }>();
  readonly #directories = new Map<string, number | undefined>();
  // The names of one directory share its id, mostly.
  #last: { readonly id: FileId; readonly fd: number | undefined } | undefined;
  readonly #exclusions: Exclusions;
  readonly #crawl: FileId[] = [];
  readonly #absent: FileId[] = [];
  readonly #failures: LookFailure[] = [];
  /** Of content that travels along. */
  bytes = 0;
  /** Of extended attributes. */
  attributeBytes = 0;

  constructor({ tree, policy, room }: PlanContext) {
    this.#tree = tree;
    this.#room = room;
    this.#policy = policy;
    this.#exclusions = new Exclusions(tree, policy.excludes);
  }

  look(dirtyName: DirtyName): void {
    try {
      this.#look(dirtyName);
    } catch (error) {
      const code = errnoName(error);
      if (code === undefined) throw error;
      const { directory, name, kinds } = dirtyName;
      const isUnlooked = (kinds & dirty.below) !== 0;
      this.#failures.push({ id: directory, name, code, message: toError(error).message, isUnlooked });
    }
  }

  #look(dirtyName: DirtyName): void {
    const fd = this.#openDirectory(dirtyName.directory);
    // A file that could not be dealt with, and that no name was known of.
    if (fd === undefined && dirtyName.name.length === 0) this.#lookAtObject(dirtyName.directory);
    if (fd === undefined) this.#isGone(dirtyName);
    const seen = fd === undefined ? undefined : this.#lookIn(fd, dirtyName);
    // The file was written to through a name it has no more: it may well have others.
    if ((dirtyName.kinds & (dirty.data | dirty.metadata)) === 0) return;
    for (const [key, id] of dirtyName.objects) if (key !== seen) this.#lookAtObject(id);
  }

  plan(next: number): Plan {
    return {
      next,
      bytes: this.bytes,
      request: { objects: this.#objects, entries: this.#entries },
      crawl: this.#crawl,
      absent: this.#absent,
      failures: this.#failures,
      places: this.#places,
    };
  }

  [Symbol.dispose](): void {
    for (const fd of this.#directories.values()) if (fd !== undefined) close(fd);
    this.#directories.clear();
    this.#last = undefined;
  }

  // Names come directory by directory, mostly. Each directory belongs to the plan itself: its times change with what is in it.
  #openDirectory(id: FileId): number | undefined {
    if (this.#last?.id === id) return this.#last.fd;
    const key = keyOf(id);
    const known = this.#directories.has(key);
    const fd = known ? this.#directories.get(key) : this.#openAnew(id, key);
    this.#last = { id, fd };
    return fd;
  }

  #openAnew(id: FileId, key: string): number | undefined {
    if (this.#directories.size === mostOpen) this[Symbol.dispose]();
    const fd = this.#tree.openDirectory(id);
    this.#directories.set(key, fd);
    const isLeftOut = fd !== undefined && this.#exclusions.of(id, fd).isWhole;
    const state = fd === undefined || isLeftOut ? undefined : readObjectAt(fd, nothing);
    if (state !== undefined) this.#add(state, "keep", undefined);
    return fd;
  }

  #lookIn(fd: number, dirtyName: DirtyName): string | undefined {
    const { directory, name, kinds } = dirtyName;
    const { rootId } = this.#tree;
    if (directory.equals(rootId) && name.toString("latin1") === stateDirectoryName) return undefined;
    if (name.length === 0) return keyOf(directory);
    const exclusion = this.#exclusions.of(directory, fd);
    if (exclusion.isWhole && !this.#policy.deleteExcluded) return undefined;
    const { state, inline } = this.#read(fd, name, hintOf(kinds), exclusion);
    if (state === undefined || !isDirectory(state.mode)) this.#tree.places.forgetAt(directory, name);
    if (state === undefined) {
      this.#goes(dirtyName, exclusion);
      return undefined;
    }
    const object = this.#add(state, hintOf(kinds), inline);
    const key = keyOf(state.id);
    this.#places.set(key, { directory, name });
    if (isDirectory(state.mode)) this.#noteDirectory(state.id, dirtyName);
    this.#entries.push({ parent: directory, name, object, hasLost: mayHaveLost(dirtyName) });
    return key;
  }

  #noteDirectory(id: FileId, { directory, name, kinds }: DirtyName): void {
    this.#tree.places.learn(id, directory, name);
    if (this.#isToCompare(kinds)) this.#crawl.push(id);
    if ((kinds & dirty.absent) !== 0) this.#absent.push(id);
  }

  #isToCompare(kinds: number): boolean {
    if ((kinds & dirty.below) !== 0) return true;
    return this.#policy.excludes !== excludesNothing && (kinds & dirty.entry) !== 0;
  }

  // With its directory; or nobody knows where that is now. What was changed may have other names.
  #isGone(dirtyName: DirtyName): void {
    const { directory: parent, name } = dirtyName;
    if (name.length > 0 && mayHaveLost(dirtyName))
      this.#entries.push({ parent, name, object: undefined, spares: "all", hasLost: true });
  }

  // What may be at the destination under a name that is left out stays, as with rsync.
  #goes(dirtyName: DirtyName, { leavesOut }: Exclusion): void {
    const { directory: parent, name } = dirtyName;
    const hasLost = mayHaveLost(dirtyName);
    const [directories, others] = [leavesOut(name, true), leavesOut(name, false)];
    if (this.#policy.deleteExcluded || (!directories && !others))
      this.#entries.push({ parent, name, object: undefined, hasLost });
    else if (directories !== others)
      this.#entries.push({ parent, name, object: undefined, spares: directories ? "directories" : "others", hasLost });
  }

  #read(
    fd: number,
    name: Buffer,
    hint: ContentHint,
    { isWhole, leavesOut }: Exclusion,
  ): { state?: ObjectState | undefined; inline?: Buffer } {
    const { device } = this.#tree;
    const stat = statAt(fd, name);
    if (stat === undefined || deviceOf(stat) !== device) return {};
    if (isWhole || leavesOut(name, isDirectory(stat.mode))) return {};
    const isOurs = this.#policy.engine === "stream";
    const isInline = isOurs && hint !== "keep" && isRegular(stat.mode) && stat.size <= maxInline;
    const whole = isInline ? readFileAt(fd, name, stat, this.#room.next(stat.size)) : undefined;
    if (whole !== undefined) return { state: whole.state, inline: whole.content };
    return { state: readObjectAt(fd, name, device) };
  }

  #lookAtObject(id: FileId): void {
    if (this.#indexes.has(keyOf(id))) return;
    const state = this.#stateOf(id);
    if (state !== undefined) this.#add(state, "changed", undefined);
  }

  #stateOf(id: FileId): ObjectState | undefined {
    const file = this.#tree.openFile(id);
    const fd = file ?? this.#tree.openOther(id);
    if (fd === undefined) return undefined;
    try {
      return file === undefined ? readOtherOf(fd) : readObjectOf(fd);
    } finally {
      close(fd);
    }
  }

  #add(state: ObjectState, content: ContentHint, inline: Buffer | undefined): number {
    const key = keyOf(state.id);
    const known = this.#indexes.get(key);
    const old = known === undefined ? undefined : this.#objects[known];
    if (known !== undefined && old !== undefined && (old.content !== "keep" || content === "keep")) return known;
    const xattrs = state.xattrs.filter((xattr) => isReplicated(xattr, this.#policy));
    this.attributeBytes += sizeOf(xattrs);
    const settled = BigInt(Date.now()) * 1_000_000n - state.ctime > settledAfterNs;
    if (inline !== undefined) this.#room.keep(inline.length);
    this.bytes += inline?.length ?? 0;
    const index = known ?? this.#objects.length;
    this.#objects[index] = { ...state, xattrs, content, settled, inline };
    this.#indexes.set(key, index);
    return index;
  }
}

// Something was changed under this name, and nobody told what: it may have been what stood there before.
const mayHaveLost = ({ kinds, objects }: DirtyName): boolean =>
  (kinds & (dirty.data | dirty.metadata)) !== 0 && objects.size === 0;

/** Most bytes of attributes of one object, and most attributes: a message has to hold them. */
const mostAttributes = { bytes: 2 * 1024 * 1024, count: maxXattrs } as const;

function sizeOf(xattrs: readonly Xattr[]): number {
  const size = xattrs.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  if (size > mostAttributes.bytes || xattrs.length > mostAttributes.count)
    throw new ErrnoError(errno.E2BIG, "listxattr");
  return size;
}

function hintOf(kinds: number): ContentHint {
  if ((kinds & dirty.renew) !== 0) return "renew";
  if ((kinds & (dirty.entry | dirty.data)) !== 0) return "changed";
  return (kinds & dirty.gap) === 0 ? "keep" : "compare";
}
