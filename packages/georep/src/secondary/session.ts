import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

import {
  close,
  open,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  renameat2,
  RENAME_NOREPLACE,
  unlinkat,
} from "@belay/linux";
import { BelayError, takeFileLock, type FileLock, type Logger } from "@belay/supervise";

import { fileIdAt, idOfKey, keyOf, type FileId } from "../ids/file-id.ts";
import type { Hello, Suspect } from "../rpc/hello-messages.ts";
import { replicaIdBytes, type SessionRules } from "../rpc/messages.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { isDirectory } from "../tree/object-state.ts";
import { hasId, statAt } from "../tree/read-object.ts";
import { makeDirectory } from "../tree/make-directory.ts";
import { handOnNothing } from "./unreplicated.ts";
import type { Restriction } from "./owner.ts";
import { giveBackAllModes } from "./directory-modes.ts";
import { heldNameOf, idOfGone } from "./held-name.ts";
import type { MappedObject } from "./map-rows.ts";
import { DurableNotes } from "./durable-notes.ts";
import { ObjectMap } from "./object-map.ts";
import { removalIn, setAside } from "./not-ours.ts";
import { removeOurs } from "./remove-ours.ts";
import { restoreHeld } from "./restore-held.ts";
import { betweenBatches } from "./between-batches.ts";
import { finishedBatches, putFinished } from "./finished.ts";
import { requireSite } from "./site.ts";
import { openSuspects, suspectIn } from "./suspects.ts";
import { Work } from "./work.ts";
import { keepUnsure, keptUnsure, lastWork, noteSure, unsureSince, type Unsure } from "./unsure.ts";

/** The receiving end's hold of its destination: open directories, the map, and what is held aside. */
export interface Session extends Disposable {
  readonly root: number;
  /** `held/`: what has lost its name within a batch, and what is not complete yet. */
  readonly heldDirectory: number;
  /** `conflicts/`: what was in the way and not ours. */
  readonly conflictsDirectory: number;
  /** `stage/`: where programs of the worker's put files. */
  readonly stageDirectory: number;
  readonly map: ObjectMap;
  readonly work: Work;
  /** Names in `held/` by object. */
  readonly held: Map<string, Buffer>;
  /** Objects in `held/` that a batch that was cut off has left there and that have names, by key: they stay until one of those is told of again. */
  readonly leftHeld: Set<string>;
  /** Directories in `held/` that are being removed, by their names there, and what each was. */
  readonly gone: Map<string, FileId>;
  /** Names in `held/` of what is not ours, and what each was called. */
  readonly strangers: Map<string, Buffer>;
  /** See {@link openSuspects}. */
  readonly suspects: DurableNotes;
  /** What this user, who is not root, has given itself rights to for now, with the permissions that each had. */
  readonly modesBefore: DurableNotes;
  /** What the worker has to tell of again, and has not been told yet. */
  suspect: Suspect | undefined;
  /** Batches were cut off, and not all has been told anew since: what is unknown may be their work. Undefined: none is. */
  unsure: Unsure | undefined;
  /** See `tellsApart`; undefined: nobody has tried yet. */
  tellsApart: boolean | undefined;
  /** What was written last may never reach the disk, whatever is read back: it is written again. */
  mayHaveLost: boolean;
  readonly rootId: FileId;
  /** Random; another one when the map begins from nothing. */
  readonly replica: Buffer;
  /** Batches that were finished with this memory. */
  finished: number;
  readonly rules: SessionRules;
  /** What was found that this user may not do. */
  readonly restrictions: Set<Restriction>;
  readonly logger: Logger;
}

/** What a session is opened with. */
export interface SessionOptions extends Hello {
  /** Destination; made if absent. */
  readonly root: string;
  readonly session: string;
  readonly logger: Logger;
  readonly lockMs?: number;
}

/**
 * Opens the destination for one worker. Another process that serves the same session is waited for, ten seconds at most.
 *
 * @throws BelayError `ELOCKED`; `EDESTINATIONCHANGED`, see {@link requireSite}; errno errors of the destination as they are
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { root, session, rootId, rules, expected, logger, lockMs = 10_000 } = options;
  const base = join(root, stateDirectoryName, session);
  const database = join(base, "map.sqlite");
  if (!existsSync(database)) requireSite(root, expected, undefined);
  makeDirectory(root);
  for (const name of ["held", "conflicts", "stage"]) mkdirSync(join(base, name), { recursive: true, mode: 0o700 });
  using owned = new DisposableStack();
  const lock = owned.use(await lockSession(join(base, "lock"), lockMs));
  const worked = lastWork(base);
  const map = owned.use(new ObjectMap(database));
  requireSite(root, expected, map.fact("replica"));
  const flags = O_DIRECTORY | O_NOFOLLOW;
  const rootFd = open(root, O_RDONLY | O_DIRECTORY);
  const work = owned.use(new Work(base));
  const wasCutOff = map.fact("open")?.[0] === 1;
  const unsure = wasCutOff ? unsureSince(map, { begun: work.since, until: worked }) : keptUnsure(map);
  const opened = {
    root: rootFd,
    heldDirectory: open(join(base, "held"), O_PATH | flags),
    conflictsDirectory: open(join(base, "conflicts"), O_PATH | flags),
    stageDirectory: open(join(base, "stage"), O_PATH | flags),
    map,
    work,
    held: new Map<string, Buffer>(),
    leftHeld: new Set<string>(),
    gone: new Map<string, FileId>(),
    strangers: new Map<string, Buffer>(),
    suspects: owned.use(openSuspects(base)),
    modesBefore: owned.use(new DurableNotes(join(base, "modes"))),
    suspect: undefined,
    unsure,
    tellsApart: undefined,
    mayHaveLost: false,
    rootId,
    ...adoptRoot(map, rootId, rootFd, unsure),
    rules,
    restrictions: new Set<Restriction>(),
    logger,
    [Symbol.dispose]: () => dispose(opened, lock),
  };
  handOnNothing(opened.heldDirectory);
  if (unsure !== undefined) map.keepFormer();
  findHeld(opened);
  putRight(opened);
  owned.move();
  return opened;
}

/** @throws BelayError `ELOCKED` when another process does not let go of the session in time */
export async function lockSession(path: string, lockMs: number): Promise<FileLock> {
  const late = AbortSignal.timeout(lockMs);
  try {
    return await takeFileLock(path, { wait: true, signal: late });
  } catch (error) {
    if (!late.aborted) throw error;
    throw new BelayError("ELOCKED", `${path}: another process replicates to this place`, {
      hint: "end it, or wait until it has seen that its worker is gone",
      cause: error,
    });
  }
}

function dispose(session: Session, lock: FileLock): void {
  session.map[Symbol.dispose]();
  session.work[Symbol.dispose]();
  session.suspects[Symbol.dispose]();
  session.modesBefore[Symbol.dispose]();
  for (const fd of [session.root, session.heldDirectory, session.conflictsDirectory, session.stageDirectory]) close(fd);
  lock[Symbol.dispose]();
}

// Another root means another source: nothing of the map says anything about it.
function adoptRoot(
  map: ObjectMap,
  rootId: FileId,
  root: number,
  unsure: Unsure | undefined,
): Pick<Session, "replica" | "finished"> {
  const here = fileIdAt(root, "");
  map.begin();
  const isKnown = map.get(rootId)?.here.equals(here) === true;
  if (!isKnown) {
    map.clear();
    map.put({ id: rootId, here, mode: 0o040000, size: 0, mtime: 0n, ctime: 0n, hereCtime: 0n });
  }
  const replica = (isKnown ? map.fact("replica") : undefined) ?? randomBytes(replicaIdBytes);
  map.putFact("replica", replica);
  map.putFact("open", Buffer.of(1));
  keepUnsure(map, unsure);
  noteSure(map); // from now on: what was unsure before is kept by itself
  const finished = isKnown ? finishedBatches(map) : 0;
  putFinished(map, finished);
  map.commit();
  return { replica, finished };
}

/** Notes that no batch is cut off. What was suspected stays so: the worker may have ended before it told all of that anew. */
export function endInOrder({ map, unsure }: Session): void {
  map.begin();
  map.putFact("open", Buffer.of(0));
  keepUnsure(map, unsure);
  map.commit();
}

/** All has been told that batches that were cut off were about: what they have made is known by now, or gone. */
export function suspectNothing(session: Session): void {
  if (session.unsure === undefined) return;
  const { map } = session;
  // All or nothing: or the next batch would find itself begun, and nothing kept of what stands for an object no more.
  map.durably(() => {
    keepUnsure(map, undefined);
    noteSure(map);
    map.forgetFormer();
  });
  session.unsure = undefined;
}

/** Goes on after a batch that was taken back in the middle: what it has done is found again as after a crash. */
export function recover(session: Session): void {
  session.unsure = unsureSince(session.map, { begun: session.work.since });
  session.map.keepFormer();
  for (const found of [session.held, session.leftHeld, session.gone, session.strangers]) found.clear();
  findHeld(session);
  putRight(session);
}

// What a batch that was cut off has left: as far as it can be put right at once it is, and the rest is told.
function putRight(session: Session): void {
  const { map, leftHeld, modesBefore } = session;
  const wereHeld = [...leftHeld].map(idOfKey);
  if (leftHeld.size > 0 || modesBefore.size > 0)
    betweenBatches(session, (batch) => {
      restoreHeld(batch);
      giveBackAllModes(batch);
    });
  map.durably(() => (session.suspect = suspectIn(session, wereHeld)));
}

/** First letters of a name in `held/` that is not the id of one of our objects. */
export const strangerPrefix = "u-";

// What a session that was killed left aside: ours is still known by what it is; the rest of ours was not complete. But a directory of it may have been
// somebody's that was taken over, or he may have put something into it.
function findHeld(session: Session): void {
  const { heldDirectory, map, held, leftHeld, gone, strangers } = session;
  for (const name of readdirSync(`/proc/self/fd/${heldDirectory}`, { encoding: "buffer" })) {
    const wasOf = idOfGone(name);
    if (wasOf !== undefined) {
      gone.set(keyOf(name), wasOf);
      continue;
    }
    const object = map.byHere(fileIdAt(heldDirectory, name), statAt(heldDirectory, name));
    const isStranger = name.toString("latin1").startsWith(strangerPrefix);
    if (object !== undefined && (isStranger || isDirectory(object.mode) || name.equals(heldNameOf(object.id)))) {
      if (!name.equals(heldNameOf(object.id))) takeBack(session, name, object);
      held.set(keyOf(object.id), heldNameOf(object.id));
      if (map.namesOf(object.id).length > 0) leftHeld.add(keyOf(object.id));
    } else if (isStranger) strangers.set(name.toString("latin1"), Buffer.from("left"));
    else removeLeft(session, name);
  }
}

// A file that is not ours had come between two calls, see putOver.
function removeLeft(session: Session, name: Buffer): void {
  const { heldDirectory } = session;
  const [removal, stat] = [removalIn(session), statAt(heldDirectory, name)];
  if ((stat !== undefined && isDirectory(stat.mode)) || removal.isOurs(heldDirectory, name))
    removeOurs(removal, heldDirectory, name);
  else setAside(session, heldDirectory, name, Buffer.from("left"));
}

// It was unknown when it was held, as the batch that was cut off had made its object anew elsewhere, or it stood for another one that had taken it over.
// That is forgotten.
function takeBack(session: Session, name: Buffer, { id, here }: MappedObject): void {
  const { heldDirectory: held } = session;
  const ownName = heldNameOf(id);
  if (hasId(held, ownName, here)) {
    unlinkat(held, name);
    return;
  }
  if (statAt(held, ownName) !== undefined) removeLeft(session, ownName);
  renameat2(held, name, held, ownName, RENAME_NOREPLACE);
}
