import { errno, errnoOf, stampAt, type Stamp } from "@belay/linux";

import { keyOf, mentionsInode, type FileId } from "../ids/file-id.ts";
import { maxListed, type ListedName, type ListReply, type ListRequest } from "../rpc/list-messages.ts";
import { namesIn } from "../tree/names-in.ts";
import { closeDirectories, look, openDirectory, startBatch, trimDirectories, type Batch } from "./batch.ts";
import { BegunListings } from "./begun-listings.ts";
import { giveBackModes } from "./directory-modes.ts";
import type { MappedObject } from "./object-map.ts";
import type { Session } from "./session.ts";

/** Lists directories in portions. The names of large ones are kept until their last portion, so that they need not be read each time. */
export class Listing {
  readonly #session: Session;
  readonly #begun = new BegunListings();

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Answers as many requests as give one portion of names, one at least.
   *
   * @param open  the batch under way, if there is one: the listing shows how far it is
   */
  list(requests: readonly ListRequest[], open?: Batch): ListReply[] {
    const batch = open ?? startBatch(this.#session);
    try {
      const replies: ListReply[] = [];
      for (let room = maxListed; replies.length < requests.length && room > 0;) {
        const request = requests[replies.length];
        if (request === undefined) break;
        const reply = this.#listOne(batch, request, room);
        replies.push(reply);
        room -= reply.names.length;
        if (reply.upTo !== "") break;
      }
      return replies;
    } finally {
      if (open === undefined) {
        giveBackModes(batch);
        closeDirectories(batch);
        this.#session.map.commit();
      }
    }
  }

  #listOne(batch: Batch, { directory, after }: ListRequest, room: number): ListReply {
    trimDirectories(batch);
    const dirfd = openDirectory(batch, directory);
    if (dirfd === undefined) return { known: false, upTo: "", names: [] };
    const isRoot = directory.equals(this.#session.rootId);
    const all = this.#begun.take(keyOf(directory), after, () => namesOrNone(dirfd, isRoot));
    const first = after === "" ? 0 : firstBehind(all, after);
    const portion = all.slice(first, first + room);
    const upTo = first + room < all.length ? (portion.at(-1) ?? "") : "";
    if (upTo !== "") this.#begun.keep(keyOf(directory), all);
    return { known: true, upTo, names: listNames(batch, directory, dirfd, portion) };
  }
}

// What is somebody else's, and shut, counts as empty: so each name that has to be there is told to fail.
function namesOrNone(fd: number, isRoot: boolean): string[] {
  try {
    return namesIn(fd, isRoot);
  } catch (error) {
    if (errnoOf(error) !== errno.EACCES) throw error;
    return [];
  }
}

/** Index of the first of sorted names that comes after another. */
function firstBehind(names: readonly string[], after: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] ?? "") > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

function listNames(batch: Batch, directory: FileId, dirfd: number, names: readonly string[]): ListedName[] {
  const { map } = batch.session;
  const [first, last] = [names[0], names.at(-1)];
  if (first === undefined || last === undefined) return [];
  const known = new Map<string, MappedObject>();
  for (const { name, object } of map.children(directory, Buffer.from(first, "latin1"), Buffer.from(last, "latin1")))
    known.set(name, object);
  return names.flatMap((name) => listName(batch, dirfd, name, known.get(name)) ?? []);
}

// What the map says of the name holds when what is there was not touched since: nothing can come to a name without its ctime telling.
function listName(batch: Batch, dirfd: number, name: string, known: MappedObject | undefined): ListedName | undefined {
  const stamp = stampAt(dirfd, name);
  if (stamp === undefined) return undefined;
  if (known !== undefined && isAsLeft(known, stamp)) return told(name, known, true);
  const found = look(batch, dirfd, Buffer.from(name, "latin1"));
  if (found === undefined) return undefined;
  const { object, stat } = found;
  if (object !== undefined) return told(name, object, stat.ctime === object.hereCtime);
  return { name, id: nothing, intact: false, mode: stat.mode, mtime: 0n, ctime: 0n };
}

const nothing = Buffer.alloc(0);

const isAsLeft = ({ here, hereCtime }: MappedObject, { ctime, ino }: Stamp): boolean =>
  ctime === hereCtime && mentionsInode(here, ino);

const told = (name: string, { id, mode, mtime, ctime }: MappedObject, intact: boolean): ListedName => ({
  name,
  id,
  intact,
  mode,
  mtime,
  ctime,
});
