import { readdirSync } from "node:fs";

import type { FileId } from "../ids/file-id.ts";
import { maxListed, type ListedName, type ListReply } from "../rpc/messages.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { closeDirectories, look, openDirectory, startBatch, type Batch } from "./batch.ts";
import type { Session } from "./session.ts";

/** Lists directories in portions; the names of the last one are kept, so that portions belong together. */
export class Listing {
  readonly #session: Session;
  #last: { id: FileId; names: Buffer[] } | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** @param from  index of the first name; 0 reads the directory again */
  list(id: FileId, from: number): ListReply {
    const batch = startBatch(this.#session);
    try {
      const dirfd = openDirectory(batch, id);
      if (dirfd === undefined) return { known: false, more: false, names: [] };
      const names = this.#names(id, dirfd, from);
      const portion = names.slice(from, from + maxListed);
      const listed = portion.flatMap((name) => listedName(batch, dirfd, name) ?? []);
      return { known: true, more: names.length > from + maxListed, names: listed };
    } finally {
      closeDirectories(batch);
      this.#session.map.commit();
    }
  }

  #names(id: FileId, dirfd: number, from: number): Buffer[] {
    if (from > 0 && this.#last?.id.equals(id)) return this.#last.names;
    const all = readdirSync(`/proc/self/fd/${dirfd}`, { encoding: "buffer" });
    const isRoot = id.equals(this.#session.rootId);
    const names = isRoot ? all.filter((name) => name.toString("latin1") !== stateDirectoryName) : all;
    this.#last = { id, names };
    return names;
  }
}

function listedName(batch: Batch, dirfd: number, name: Buffer): ListedName | undefined {
  const found = look(batch, dirfd, name);
  if (found === undefined) return undefined;
  const { object, stat } = found;
  if (object === undefined)
    return { name, id: Buffer.alloc(0), intact: false, mode: stat.mode, size: 0, mtime: 0n, ctime: 0n };
  const { id, mode, mtime, ctime } = object;
  return { name, id, intact: stat.ctime === object.hereCtime, mode, size: Math.max(object.size, 0), mtime, ctime };
}
