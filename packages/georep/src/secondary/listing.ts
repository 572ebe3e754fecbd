import { readdirSync } from "node:fs";

import { keyOf, type FileId } from "../ids/file-id.ts";
import { maxListed, type ListedName, type ListReply } from "../rpc/messages.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { closeDirectories, look, openDirectory, startBatch, type Batch } from "./batch.ts";
import type { Session } from "./session.ts";

/** Lists directories in portions; names are kept until the last one, so that portions belong together. */
export class Listing {
  readonly #session: Session;
  readonly #begun = new Map<string, Buffer[]>();

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * @param from  index of the first name; 0 reads the directory again
   * @param open  the batch under way, if there is one: the listing shows how far it is
   */
  list(id: FileId, from: number, open?: Batch): ListReply {
    const batch = open ?? startBatch(this.#session);
    try {
      const dirfd = openDirectory(batch, id);
      if (dirfd === undefined) return { known: false, more: false, names: [] };
      const names = this.#names(id, dirfd, from);
      const portion = names.slice(from, from + maxListed);
      const listed = portion.flatMap((name) => listedName(batch, dirfd, name) ?? []);
      return { known: true, more: names.length > from + maxListed, names: listed };
    } finally {
      if (open === undefined) {
        closeDirectories(batch);
        this.#session.map.commit();
      }
    }
  }

  #names(id: FileId, dirfd: number, from: number): Buffer[] {
    const key = keyOf(id);
    const begun = from > 0 ? this.#begun.get(key) : undefined;
    this.#begun.delete(key);
    const names = begun ?? this.#read(id, dirfd);
    if (names.length > from + maxListed) this.#begun.set(key, names);
    if (this.#begun.size > mostBegun) this.#begun.clear();
    return names;
  }

  #read(id: FileId, dirfd: number): Buffer[] {
    const all = readdirSync(`/proc/self/fd/${dirfd}`, { encoding: "buffer" });
    const isRoot = id.equals(this.#session.rootId);
    return isRoot ? all.filter((name) => name.toString("latin1") !== stateDirectoryName) : all;
  }
}

/** Most directories whose listing is under way; a worker that goes beyond gets names that may not belong together. */
const mostBegun = 256;

function listedName(batch: Batch, dirfd: number, name: Buffer): ListedName | undefined {
  const found = look(batch, dirfd, name);
  if (found === undefined) return undefined;
  const { object, stat } = found;
  if (object === undefined)
    return { name, id: Buffer.alloc(0), intact: false, mode: stat.mode, size: 0, mtime: 0n, ctime: 0n };
  const { id, mode, mtime, ctime } = object;
  return { name, id, intact: stat.ctime === object.hereCtime, mode, size: Math.max(object.size, 0), mtime, ctime };
}
