import type { MappedName, MappedObject, MappedRow } from "./map-rows.ts";

/** Most of each kind: some megabytes together. */
const most = 4096;

/**
 * Objects and their names as the map has them, of those that were asked for of late: a batch asks for the same ones again and again, its
 * directories most of all. Of what changes, whoever changes it tells.
 */
export class RecentObjects {
  readonly #objects = new Map<string, MappedObject>();
  readonly #names = new Map<string, readonly MappedName[]>();
  readonly #rows = new Map<string, MappedRow>();

  object(key: string): MappedObject | undefined {
    return this.#objects.get(key);
  }

  names(key: string): readonly MappedName[] | undefined {
    return this.#names.get(key);
  }

  row(key: string): MappedRow | undefined {
    return this.#rows.get(key);
  }

  noteRow(key: string, row: MappedRow): void {
    if (this.#rows.size >= most) this.#rows.clear();
    this.#rows.set(key, row);
  }

  noteObject(key: string, object: MappedObject): void {
    if (this.#objects.size >= most) this.#objects.clear();
    this.#objects.set(key, object);
  }

  noteNames(key: string, names: readonly MappedName[]): void {
    if (this.#names.size >= most) this.#names.clear();
    this.#names.set(key, names);
  }

  /** Another object has got a name of its own. */
  forgetNamesOf(key: string): void {
    this.#names.delete(key);
  }

  /** A name stands for another object, or for none: whoever had it has it no more. */
  forgetNames(): void {
    this.#names.clear();
  }

  forget(): void {
    this.#objects.clear();
    this.#names.clear();
    this.#rows.clear();
  }
}
