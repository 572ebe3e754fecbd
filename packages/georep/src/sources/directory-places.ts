import { keyOf, type FileId } from "../ids/file-id.ts";

/** Where a directory was seen. */
export interface Place {
  readonly parent: FileId;
  readonly name: Buffer;
}

/** A directory and where it was seen. */
export interface DirectoryPlace extends Place {
  readonly id: FileId;
}

/** Where directories were seen last, for trees whose ids cannot be opened. */
export class DirectoryPlaces {
  readonly #places = new Map<string, Place>();
  #learned: DirectoryPlace[] = [];
  readonly #isNeeded: boolean;
  #isKept = false;

  /** @param isNeeded  false: directories are found by their ids, nothing is to be remembered */
  constructor(isNeeded: boolean) {
    this.#isNeeded = isNeeded;
  }

  get(id: FileId): Place | undefined {
    return this.#places.get(keyOf(id));
  }

  /** Takes what was remembered, and from now on keeps for {@link takeLearned} what is learned. */
  restore(places: Iterable<DirectoryPlace>): void {
    this.#isKept = true;
    for (const { id, parent, name } of places) this.#places.set(keyOf(id), { parent, name });
  }

  /** Notes where a directory is; the buffers stay the caller's. */
  learn(id: FileId, parent: FileId, name: Buffer): void {
    if (!this.#isNeeded) return;
    const known = this.get(id);
    if (known?.parent.equals(parent) && known.name.equals(name)) return;
    const place = { parent: Buffer.from(parent), name: Buffer.from(name) };
    this.#places.set(keyOf(id), place);
    if (this.#isKept) this.#learned.push({ id: Buffer.from(id), ...place });
  }

  /** Notes that a directory is no more. */
  forget(id: FileId): void {
    this.#places.delete(keyOf(id));
  }

  /** What was learned since the last call. */
  takeLearned(): DirectoryPlace[] {
    const learned = this.#learned;
    this.#learned = [];
    return learned;
  }
}
