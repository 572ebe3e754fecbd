import { errno, errnoOf, stampAt } from "@belay/linux";

import { keyOf, type FileId } from "../ids/file-id.ts";
import { maxListed, type ListedName, type ListReply, type ListRequest } from "../rpc/list-messages.ts";
import { ListingDigest } from "../tree/listing-digest.ts";
import { firstBehind, namesIn } from "../tree/names-in.ts";
import { look, openDirectory, trimDirectories, type Batch } from "./batch.ts";
import { BegunListings } from "./begun-listings.ts";
import { digestNames, isAsLeft } from "./digest-names.ts";
import { lookOnly } from "./between-batches.ts";
import type { MappedObject } from "./map-rows.ts";
import type { Session } from "./session.ts";

/** Lists directories in portions. The names of large ones are kept until their last portion, so that they need not be read each time. */
export class Listing {
  readonly #session: Session;
  readonly #begun = new BegunListings();
  readonly #digest = new ListingDigest();

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Answers as many requests as give one portion of names, one at least.
   *
   * @param open  the batch under way, if there is one: the listing shows how far it is
   */
  list(requests: readonly Required<ListRequest>[], open?: Batch): ListReply[] {
    if (open !== undefined) return this.#listAll(open, requests);
    return lookOnly(this.#session, (batch) => this.#listAll(batch, requests));
  }

  #listAll(batch: Batch, requests: readonly Required<ListRequest>[]): ListReply[] {
    const replies: ListReply[] = [];
    for (let room = maxListed; replies.length < requests.length && room > 0;) {
      const request = requests[replies.length];
      if (request === undefined) break;
      const { reply, looked } = this.#listOne(batch, request, room);
      replies.push(reply);
      room -= looked;
      if (reply.upTo !== "") break;
    }
    return replies;
  }

  #listOne(batch: Batch, request: Required<ListRequest>, room: number): Listed {
    const { directory, after } = request;
    trimDirectories(batch);
    const dirfd = openDirectory(batch, directory);
    if (dirfd === undefined) return { reply: { known: false, upTo: "", digest: nothing, names: [] }, looked: 0 };
    const isRoot = directory.equals(this.#session.rootId);
    const all = this.#begun.take(keyOf(directory), after, () => namesOrNone(dirfd, isRoot));
    const first = after === "" ? 0 : firstBehind(all, after);
    const end = request.upTo === "" ? all.length : firstBehind(all, request.upTo);
    const portion = all.slice(first, Math.min(first + room, end));
    const upTo = first + room < end ? (portion.at(-1) ?? "") : "";
    if (upTo !== "") this.#begun.keep(keyOf(directory), all);
    const digest = digestNames({ batch, dirfd, names: portion, digest: this.#digest }, request) ?? nothing;
    const names = digest.length > 0 ? [] : listNames(batch, directory, dirfd, portion);
    return { reply: { known: true, upTo, digest, names }, looked: portion.length };
  }
}

interface Listed {
  readonly reply: ListReply;
  /** Names that were looked at. */
  readonly looked: number;
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

const told = (name: string, { id, mode, mtime, ctime }: MappedObject, intact: boolean): ListedName => ({
  name,
  id,
  intact,
  mode,
  mtime,
  ctime,
});
