import { idOfKey, keyOf, type FileId } from "../ids/file-id.ts";

/** Where a directory was seen. */
export interface Place {
  readonly parent: FileId;
  readonly name: Buffer;
}

/** A directory and where it was seen. */
export interface DirectoryPlace extends Place {
  readonly id: FileId;
}

/** What has become of the places since it was asked for last. */
export interface PlaceChanges {
  readonly places: readonly DirectoryPlace[];
  /** Directories that are no more. */
  readonly placesGone: readonly FileId[];
}

/**
 * Where directories were seen last, for trees whose ids cannot be opened.
 *
 * One directory for each name: another one there, or none, and what was below it is forgotten, too. If it was only moved, whoever watches such a
 * tree has it compared, which finds again all that is below.
 */
export class DirectoryPlaces {
  readonly #places = new Map<string, Place>();
  /** Directories by the one they are in, and by name. */
  readonly #below = new Map<string, Map<string, string>>();
  readonly #changed = new Set<string>();
  readonly #isNeeded: boolean;
  #isKept = false;

  /** @param isNeeded  false: directories are found by their ids, nothing is to be remembered */
  constructor(isNeeded: boolean) {
    this.#isNeeded = isNeeded;
  }

  /** Directories that are known of. */
  get size(): number {
    return this.#places.size;
  }

  get(id: FileId): Place | undefined {
    return this.#places.get(keyOf(id));
  }

  /** Takes what was remembered, and from now on keeps for {@link takeChanges} what is learned. */
  restore(places: Iterable<DirectoryPlace>): void {
    this.#isKept = true;
    for (const { id, parent, name } of places) this.#put(keyOf(id), { parent, name });
  }

  /** Notes where a directory is; the buffers stay the caller's. */
  learn(id: FileId, parent: FileId, name: Buffer): void {
    if (!this.#isNeeded) return;
    const key = keyOf(id);
    const known = this.#places.get(key);
    if (known?.parent.equals(parent) && known.name.equals(name)) return;
    if (known !== undefined) this.#take(key, known);
    this.forgetAt(parent, name);
    this.#put(key, { parent: Buffer.from(parent), name: Buffer.from(name) });
    this.#note(key);
  }

  /** Notes that a directory is no more, and what was below it neither. */
  forget(id: FileId): void {
    const gone = [keyOf(id)];
    for (let key = gone.pop(); key !== undefined; key = gone.pop()) {
      const place = this.#places.get(key);
      if (place !== undefined) this.#take(key, place);
      for (const below of this.#below.get(key)?.values() ?? []) gone.push(below);
      this.#below.delete(key);
    }
  }

  /** Notes that there is no directory under a name. */
  forgetAt(parent: FileId, name: Buffer): void {
    if (this.#places.size === 0) return;
    const key = this.#below.get(keyOf(parent))?.get(keyOf(name));
    if (key !== undefined) this.forget(idOfKey(key));
  }

  /** What was learned and forgotten since the last call. */
  takeChanges(): PlaceChanges {
    const places: DirectoryPlace[] = [];
    const placesGone: FileId[] = [];
    for (const key of this.#changed) {
      const place = this.#places.get(key);
      if (place === undefined) placesGone.push(idOfKey(key));
      else places.push({ id: idOfKey(key), ...place });
    }
    this.#changed.clear();
    return { places, placesGone };
  }

  #put(key: string, place: Place): void {
    this.#places.set(key, place);
    const parent = keyOf(place.parent);
    const names = this.#below.get(parent) ?? new Map<string, string>();
    this.#below.set(parent, names.set(keyOf(place.name), key));
  }

  #take(key: string, { parent, name }: Place): void {
    this.#places.delete(key);
    this.#note(key);
    const names = this.#below.get(keyOf(parent));
    if (names?.get(keyOf(name)) !== key) return;
    names.delete(keyOf(name));
    if (names.size === 0) this.#below.delete(keyOf(parent));
  }

  #note(key: string): void {
    if (this.#isKept) this.#changed.add(key);
  }
}
