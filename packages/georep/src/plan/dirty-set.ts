import { keyOf, type FileId } from "../ids/file-id.ts";
import type { DirtyRecord } from "../journal/record.ts";

/** A name that has to be looked at; what is told of it several times is looked at once. */
export interface DirtyName {
  readonly directory: FileId;
  /** Empty: the directory itself. */
  readonly name: Buffer;
  kinds: number;
  /** Objects that were at the name when it changed, by key. */
  readonly objects: ReadonlyMap<string, FileId>;
}

const noObjects: ReadonlyMap<string, FileId> = new Map();

/** A name that has to be looked at, whatever object was there. */
export function dirtyName({ directory, name }: Pick<DirtyName, "directory" | "name">, kinds: number): DirtyName {
  return { directory, name, kinds, objects: noObjects };
}

interface Entry extends DirtyName {
  readonly objects: Map<string, FileId>;
}

/** What is dirty in one directory. */
interface DirtyDirectory {
  readonly id: FileId;
  readonly names: Map<string, Entry>;
}

/** Names that became dirty, each once, in the order of their first mention. */
export class DirtySet {
  readonly #directories = new Map<string, DirtyDirectory>();
  // Mostly the next name is of the same directory.
  #last: DirtyDirectory | undefined;
  readonly #names: Entry[] = [];

  get size(): number {
    return this.#names.length;
  }

  add({ kinds, directory, name, object }: DirtyRecord): void {
    const { id, names } = this.#directoryOf(directory);
    const key = keyOf(name);
    let entry = names.get(key);
    if (entry === undefined) {
      entry = { directory: id, name: Buffer.from(name), kinds: 0, objects: new Map() };
      names.set(key, entry);
      this.#names.push(entry);
    }
    entry.kinds |= kinds;
    if (object.length > 0 && !entry.objects.has(keyOf(object))) entry.objects.set(keyOf(object), Buffer.from(object));
  }

  names(): DirtyName[] {
    return [...this.#names];
  }

  #directoryOf(id: FileId): DirtyDirectory {
    if (this.#last?.id.equals(id) === true) return this.#last;
    const key = keyOf(id);
    const known = this.#directories.get(key);
    if (known !== undefined) return (this.#last = known);
    const begun = (this.#last = { id: Buffer.from(id), names: new Map<string, Entry>() });
    this.#directories.set(key, begun);
    return begun;
  }
}
