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

/** Names that became dirty, each once, in the order of their first mention. */
export class DirtySet {
  readonly #names = new Map<string, DirtyName & { readonly objects: Map<string, FileId> }>();

  get size(): number {
    return this.#names.size;
  }

  add({ kinds, directory, name, object }: DirtyRecord): void {
    const key = `${keyOf(directory)}/${keyOf(name)}`;
    const known = this.#names.get(key);
    const entry = known ?? {
      directory: Buffer.from(directory),
      name: Buffer.from(name),
      kinds: 0,
      objects: new Map<string, FileId>(),
    };
    entry.kinds |= kinds;
    if (object.length > 0) entry.objects.set(keyOf(object), Buffer.from(object));
    if (known === undefined) this.#names.set(key, entry);
  }

  names(): DirtyName[] {
    return [...this.#names.values()];
  }
}
