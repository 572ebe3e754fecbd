import type { Oid } from "../ids/oid.ts";
import type { Tid } from "../ids/tid.ts";

/** One record of a chain. */
interface Link {
  readonly serial: Tid;
  /** Offset of the record before it; 0: it is the first. */
  readonly prev: number;
}

/** Newest first. */
interface Chain {
  readonly serials: Tid[];
  readonly offsets: number[];
  /** Offset of the record before the last one listed; 0: all are listed. */
  rest: number;
}

/** Revisions remembered over all objects: about 10 MB. */
const CAPACITY = 1 << 18;

/**
 * Histories of the objects that are read as of the past.
 *
 * Following predecessors costs a read each; a server of old views asks again and again for the same objects. What is
 * remembered never becomes wrong, because records never change: new revisions are put before it.
 */
export class ChainCache {
  readonly #chains = new Map<Oid, Chain>();
  #held = 0;

  /**
   * Newest record with serial < before.
   *
   * @param newest  offset of the newest record of the object
   * @param read  reads the link at an offset
   */
  before(
    oid: Oid,
    newest: number,
    before: Tid,
    read: (offset: number) => Link,
  ): { serial: Tid; next: Tid | undefined; offset: number } | { oldest: Tid } {
    const chain = this.#upToDate(oid, newest, read);
    while (chain.rest !== 0 && (chain.serials.at(-1) ?? 0n) >= before) {
      chain.offsets.push(chain.rest);
      const link = read(chain.rest);
      chain.serials.push(link.serial);
      chain.rest = link.prev;
      this.#held++;
    }
    this.#trim(oid);
    const i = firstBelow(chain.serials, before);
    const serial = chain.serials[i];
    const offset = chain.offsets[i];
    if (serial === undefined || offset === undefined) return { oldest: chain.serials.at(-1) ?? before };
    return { serial, next: i === 0 ? undefined : chain.serials[i - 1], offset };
  }

  #upToDate(oid: Oid, newest: number, read: (offset: number) => Link): Chain {
    const known = this.#chains.get(oid);
    if (known?.offsets[0] === newest) return known;
    const chain: Chain = { serials: [], offsets: [], rest: newest };
    // A record stored twice in one transaction may hide the known first one: then the walk passes it and the old chain is dropped.
    while (
      chain.rest !== 0 &&
      (known === undefined ? chain.offsets.length === 0 : chain.rest > (known.offsets[0] ?? 0))
    ) {
      const link = read(chain.rest);
      chain.offsets.push(chain.rest);
      chain.serials.push(link.serial);
      chain.rest = link.prev;
    }
    if (chain.rest !== 0 && known?.offsets[0] === chain.rest) {
      for (const offset of known.offsets) chain.offsets.push(offset);
      for (const serial of known.serials) chain.serials.push(serial);
      chain.rest = known.rest;
    }
    this.#held += chain.offsets.length - (known?.offsets.length ?? 0);
    this.#chains.set(oid, chain);
    return chain;
  }

  // Oldest entry first; the one in use stays for this call even when it alone is larger than the cache.
  #trim(inUse: Oid): void {
    if (this.#held <= CAPACITY) return;
    for (const [oid, chain] of this.#chains) {
      if (oid === inUse && this.#chains.size > 1) continue;
      this.#chains.delete(oid);
      this.#held -= chain.offsets.length;
      if (this.#held <= CAPACITY) return;
    }
  }
}

/** Index of the first serial below `before` in a descending list; its length if there is none. */
function firstBelow(serials: readonly Tid[], before: Tid): number {
  let low = 0;
  let high = serials.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((serials[middle] ?? 0n) < before) high = middle;
    else low = middle + 1;
  }
  return low;
}
