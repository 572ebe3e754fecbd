import { noSuchObject } from "../errors/object-errors.ts";
import type { Oid } from "../ids/oid.ts";
import type { Tid } from "../ids/tid.ts";
import { closeGeneration, type Generation } from "./generation.ts";

/** A revision found in one of the generations. */
export interface Found {
  readonly generation: Generation;
  readonly serial: Tid;
  readonly next: Tid | undefined;
  /** Where its record starts. */
  readonly offset: number;
}

/**
 * The file that is the database now, and those that were before it was packed.
 *
 * What a pack removes from an object's history is its oldest part. So the current file answers whenever it holds a revision
 * that is old enough; only when it has none, the files before it are asked, the newest first. That way views older than a
 * pack go on as if nothing had happened, for as long as their file is kept.
 */
export class Generations {
  current: Generation;
  /** Newest first. */
  readonly #older: Generation[] = [];
  readonly #keep: number;

  /** @param keep  files kept from before packs; each holds its disk space and a descriptor */
  constructor(current: Generation, keep: number) {
    this.current = current;
    this.#keep = keep;
  }

  /** Puts a new file in the place of the current one. Closes those too old to be kept. */
  replace(generation: Generation): void {
    this.#older.unshift(this.current);
    this.current = generation;
    for (const old of this.#older.splice(this.#keep)) closeGeneration(old);
  }

  /** All, newest first. */
  *all(): Generator<Generation> {
    yield this.current;
    yield* this.#older;
  }

  /**
   * Newest revision with serial < before, be it a deletion.
   *
   * @returns undefined: the object is younger
   * @throws ZodbError `EPOSKEY` for an unknown object
   */
  before(oid: Oid, before: Tid): Found | undefined {
    const { current } = this;
    if (this.#older.length === 0 || current.index.get(oid) !== 0) {
      const place = current.revisions.before(oid, before);
      if ("offset" in place)
        return { generation: current, serial: place.serial, next: place.next, offset: place.offset };
      if (this.#older.length === 0) return undefined;
    }
    return this.#searchOlder(oid, before);
  }

  #searchOlder(oid: Oid, before: Tid): Found | undefined {
    let newer: Tid | undefined;
    let known = false;
    for (const generation of this.all()) {
      if (generation.index.get(oid) === 0) continue;
      known = true;
      const place = generation.revisions.before(oid, before);
      if ("offset" in place)
        return { generation, serial: place.serial, next: place.next ?? newer, offset: place.offset };
      newer = place.oldest;
    }
    if (known) return undefined;
    throw noSuchObject(oid, { before });
  }

  /** The record of exactly this transaction. */
  exactly(oid: Oid, serial: Tid): { generation: Generation; offset: number } | undefined {
    for (const generation of this.all()) {
      const offset = generation.revisions.exactly(oid, serial);
      if (offset !== undefined) return { generation, offset };
    }
    return undefined;
  }

  /** All records of an object that any file still holds, newest first. */
  *chain(oid: Oid): Generator<{ generation: Generation; serial: Tid; offset: number }> {
    let last: Tid | undefined;
    for (const generation of this.all()) {
      for (const link of generation.revisions.chain(oid)) {
        if (last !== undefined && link.serial >= last) continue;
        last = link.serial;
        yield { generation, ...link };
      }
    }
  }

  close(): void {
    for (const generation of this.all()) closeGeneration(generation);
  }
}
