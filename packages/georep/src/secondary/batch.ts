import { close, errno, errnoOf } from "@belay/linux";
import { BelayError, errnoName, toError } from "@belay/supervise";

import { keyOf, type FileId } from "../ids/file-id.ts";
import { isSick } from "../rpc/failure.ts";
import type { EntryName, Failure, ObjectChange, Want } from "../rpc/messages.ts";
import { isDirectory } from "../tree/object-state.ts";
import { fileIdIfThere, hasId, isGone, statAt } from "../tree/read-object.ts";
import { quotedName } from "../tree/shown-name.ts";
import type { Statx } from "@belay/linux";
import type { Birth } from "./birth.ts";
import type { Incoming } from "./incoming.ts";
import type { MappedName, MappedObject } from "./map-rows.ts";
import { grant, isBound, isGranted, lacksRights, type Need } from "./own-access.ts";
import { openDirectoryAt } from "./beneath.ts";
import type { Session } from "./session.ts";

/** A name that has to stand for an object. */
export interface Order {
  readonly parent: FileId;
  readonly name: Buffer;
  readonly change: ObjectChange;
  /** A file that is not known here and came whole: what may stand at its name is looked at only when it is in the way. */
  readonly isNew: boolean;
}

/**
 * New directories of a comparison are made in `held/` and get their names when the batch is finished: nobody sees one that is filled half, and what
 * is made in one needs no care of its own. What is cut off goes as a whole, so that nothing may lie in one but what the same batch has made.
 */
export interface HiddenDirectories {
  /** For each directory, the one in `held/` that it is or lies in, by key. */
  readonly tops: Map<string, string>;
  /** Orders of those in `held/`, by key. */
  readonly orders: Map<string, Order>;
}

/** One batch, from its first `apply` to its `finish`. */
export interface Batch {
  readonly session: Session;
  /** Open directories by id; only for this batch, so that a directory somebody moves away is noticed. */
  readonly directories: Map<string, number>;
  readonly changes: Map<string, ObjectChange>;
  /** New files, in `held/` until they are complete. */
  readonly incomplete: Set<string>;
  /** Files made by this `apply`: their content needs no second look. */
  readonly made: Set<string>;
  /** Files made in this batch that have all they have to have: unless they change again, nothing is left to do. */
  readonly complete: Set<string>;
  /** Names that wait for a new file to be complete, each with what was last said of it. */
  readonly postponed: Map<string, Order>;
  readonly hidden: HiddenDirectories;
  /** Directories of this batch that are to get nothing but owner, mode and mtime, by key: see `bare-directories.ts`. */
  readonly bare: Set<string>;
  /** Objects that were here before we knew them. */
  readonly adopted: Set<string>;
  /** Files whose content is not what it has to be. */
  readonly lacking: Set<string>;
  /** Objects whose ctime changes by what we do. */
  readonly touched: Set<string>;
  /** Content on its way. */
  readonly streams: Map<string, Incoming>;
  readonly crawl: FileId[];
  readonly madeDirectories: FileId[];
  /** What is asked for in the reply, by object. */
  readonly wants: Map<string, Want>;
  readonly detached: FileId[];
  readonly others: EntryName[];
  /** Objects that have lost a name at the source and keep it here, by key. */
  readonly spared: Set<string>;
  readonly failures: Failure[];
  /** What its own modes must not keep an ordinary user from. */
  readonly need: Need;
  /** What has been opened up to us, and not given back yet, by key. Its modes are in the session's notes. */
  readonly opened: Set<string>;
  /** Learned from the first file that is made in it. */
  birth: Birth | undefined;
}

/** Key of a name in a Map. */
export function keyOfName({ parent, name }: { readonly parent: FileId; readonly name: Buffer }): string {
  return `${keyOf(parent)}/${keyOf(name)}`;
}

/** @param need  what its own modes must not keep an ordinary user from */
export function startBatch(session: Session, need: Need = "all"): Batch {
  session.work.begin();
  session.map.begin();
  return {
    session,
    directories: new Map(),
    changes: new Map(),
    incomplete: new Set(),
    made: new Set(),
    complete: new Set(),
    streams: new Map(),
    postponed: new Map(),
    hidden: { tops: new Map(), orders: new Map() },
    bare: new Set(),
    adopted: new Set(),
    lacking: new Set(),
    touched: new Set(),
    crawl: [],
    madeDirectories: [],
    wants: new Map(),
    detached: [],
    others: [],
    spared: new Set(),
    failures: [],
    need,
    opened: new Set(),
    birth: undefined,
  };
}

/** Most directories that are kept open between two parts of a batch. */
const mostDirectories = 500;

/**
 * Lets go of directories when they are many; between two parts of a batch, when nobody works with one of them. Those that were opened last stay:
 * in a deep tree the way to each leads through all above it.
 */
export function trimDirectories({ directories }: Batch): void {
  if (directories.size <= mostDirectories) return;
  for (const [key, fd] of directories) {
    if (directories.size <= mostDirectories / 2) return;
    close(fd);
    directories.delete(key);
  }
}

export function closeDirectories({ directories }: Batch): void {
  for (const fd of directories.values()) close(fd);
  directories.clear();
}

/** Does one part of a batch; its failure does not stop the others, unless the destination as a whole fails. */
export function attempt(batch: Batch, id: FileId, name: Buffer, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (isSick(error)) throw error;
    const { message } = toError(error);
    const code = errnoName(error) ?? (error instanceof BelayError ? error.code : undefined);
    if (code === undefined) throw error;
    batch.failures.push({ id, name, code, message });
  }
}

/** Something at the destination is not ours, and may not be moved aside. */
export function inTheWay(name: Buffer): BelayError {
  return new BelayError("EEXIST", `${quotedName(name)}: what is at the destination is not of this session`, {
    hint: "move it away, or set gfid-conflict-resolution to true",
  });
}

/** The directory of a name is not where it was, or was never here: the worker tells the way to it. */
export function noParent(name: Buffer): BelayError {
  return new BelayError("EPARENT", `${quotedName(name)}: its directory is not known at the destination`);
}

/** What stands at a name. */
export interface Found {
  /** By which it is known, if it is: whoever acts on it compares with that, as something else may stand there since. */
  readonly here: FileId;
  readonly stat: Statx;
  /** Undefined when it is not ours. */
  readonly object: MappedObject | undefined;
}

export function look({ session }: Batch, dirfd: number, name: Buffer): Found | undefined {
  const stat = statAt(dirfd, name);
  if (stat === undefined) return undefined;
  const here = fileIdIfThere(dirfd, name);
  const object = here && session.map.byHere(here, stat);
  return here && { here: object?.here ?? here, stat, object };
}

/** Notes the name that an object was found under. A directory has no other, wherever the map had it before a batch that was cut off. */
export function noteFound({ session }: Batch, named: MappedName, { id, mode }: MappedObject): void {
  if (isDirectory(mode)) session.map.removeNamesOf(id);
  session.map.putName(named, id);
}

/** A name under which an object can be reached now. */
export interface Place {
  readonly dirfd: number;
  readonly name: Buffer;
  readonly isHeld: boolean;
}

/** Where an object is, as a look at the file system confirms. */
export function placeOf(batch: Batch, object: MappedObject): Place | undefined {
  const { session } = batch;
  const held = session.held.get(keyOf(object.id));
  if (held !== undefined) return { dirfd: session.heldDirectory, name: held, isHeld: true };
  for (const { parent, name } of session.map.namesOf(object.id)) {
    const dirfd = openDirectory(batch, parent);
    if (dirfd !== undefined && hasId(dirfd, name, object.here)) return { dirfd, name, isHeld: false };
  }
  return undefined;
}

/**
 * Opens a directory by its id; undefined when it is not (or not any more) where we know it. Its mode does not keep us out, until it is given back by
 * `giveBackModes`.
 */
export function openDirectory(batch: Batch, id: FileId): number | undefined {
  const fd = findDirectory(batch, id);
  if (fd !== undefined && isBound) openToUs(batch, id, fd);
  return fd;
}

/** Lets us do with a directory or file of ours what its mode may forbid, until that is given back by `giveBackModes`. */
export function openToUs(batch: Batch, id: FileId, fd: number): void {
  const { session, need } = batch;
  const { map, modesBefore } = session;
  const stat = statAt(fd, nothing);
  if (stat === undefined || !lacksRights(stat.mode, need)) return;
  touch(batch, { object: map.get(id), stat });
  const noted = modesBefore.valueOf(id); // of a batch that was cut off, or of a look
  const mode = noted !== undefined && isGranted(stat.mode, noted) ? noted : stat.mode & 0o7777;
  const isOwn = stat.uid === process.geteuid?.(); // otherwise it is hardly ours to open
  if (isOwn) modesBefore.noteAnyway(id, mode);
  if (grant(fd, need) === undefined) {
    modesBefore.forget(id);
    return;
  }
  modesBefore.noteAnyway(id, mode);
  batch.opened.add(keyOf(id));
}

const nothing = Buffer.alloc(0);

function findDirectory(batch: Batch, id: FileId): number | undefined {
  const { directories, session } = batch;
  const key = keyOf(id);
  const cached = directories.get(key);
  if (cached !== undefined) return cached;
  const object = session.map.get(id);
  if (object === undefined) return undefined;
  if (id.equals(session.rootId)) return session.root;
  const place = placeOf(batch, object);
  const fd = place && tryOpen(place);
  if (fd !== undefined && !hasId(fd, "", object.here)) {
    close(fd);
    return undefined;
  }
  if (fd !== undefined) directories.set(key, fd);
  return fd;
}

function tryOpen({ dirfd, name }: Place): number | undefined {
  try {
    return openDirectoryAt(dirfd, name);
  } catch (error) {
    const number = errnoOf(error);
    if (isGone(error) || number === errno.ELOOP || number === errno.EXDEV) return undefined;
    throw error;
  }
}

/** Notes that an object's ctime is about to change by our own doing, unless somebody else changed it before. */
export function touch(batch: Batch, { object, stat }: Pick<Found, "object" | "stat">): void {
  if (object?.hereCtime === stat.ctime) batch.touched.add(keyOf(object.id));
}
