import { errnoOf } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { handsOnAcl } from "./unreplicated.ts";
import { openDirectory, trimDirectories, type Batch } from "./batch.ts";

/** Opens the directories of names, which come directory by directory, mostly. */
export class Parents {
  readonly #batch: Batch;
  #last: FileId | undefined;
  #fd: number | undefined;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  /** @returns undefined when it cannot be opened, or gives an ACL to what is made in it, which costs a closer look; the descriptor is the batch's, and good until the next call */
  open(id: FileId): number | undefined {
    if (this.#last?.equals(id) === true) return this.#fd;
    this.#last = id;
    trimDirectories(this.#batch);
    return (this.#fd = this.#tryOpen(id));
  }

  #tryOpen(id: FileId): number | undefined {
    try {
      const fd = openDirectory(this.#batch, id);
      return fd !== undefined && handsOnAcl(this.#batch.session, fd) ? undefined : fd;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    }
  }
}
