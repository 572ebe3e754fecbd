import type { Oid, Tid } from "@belay/zodb";

/** What was loaded of an object, and the span of moments it is the object's state in: `serial` ≤ at < `next`. */
export interface Version<T> {
  readonly serial: Tid;
  /** undefined: the newest state known. */
  next: Tid | undefined;
  readonly value: T;
  /** Bytes of the heap, roughly. */
  readonly weight: number;
}

/**
 * States of objects by object and moment: a state once decoded serves every moment it was valid in, without asking the storage.
 *
 * That holds as long as every commit the storage takes in is told here in the same step.
 */
export class IntervalCache<T> {
  readonly #budget: number;
  readonly #byOid = new Map<Oid, Version<T>[]>();
  #weight = 0;

  /** @param budget bytes of the heap, roughly */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /** Bytes of the heap in use, roughly. */
  get weight(): number {
    return this.#weight;
  }

  /** The state valid at the moment, if it is known. */
  get(oid: Oid, at: Tid): T | undefined {
    const versions = this.#byOid.get(oid);
    if (versions === undefined) return undefined;
    for (const version of versions) {
      if (version.serial <= at && (version.next === undefined || at < version.next)) return version.value;
    }
    return undefined;
  }

  add(oid: Oid, version: Version<T>): void {
    const versions = this.#byOid.get(oid);
    if (versions === undefined) this.#byOid.set(oid, [version]);
    else versions.push(version);
    this.#weight += version.weight;
    this.#shrink(oid);
  }

  /** A commit changed the objects: what was their newest state ends there. */
  invalidate(tid: Tid, oids: readonly Oid[]): void {
    for (const oid of oids) {
      for (const version of this.#byOid.get(oid) ?? []) version.next ??= tid;
    }
  }

  // By age of the object's first load, not by use: following use would cost more than the reloads it saves, since the
  // nodes near the root, which everyone needs, are few and are back at once.
  #shrink(keep: Oid): void {
    for (const [oid, versions] of this.#byOid) {
      if (this.#weight <= this.#budget) return;
      if (oid === keep) continue;
      this.#byOid.delete(oid);
      for (const version of versions) this.#weight -= version.weight;
    }
  }
}
