import type { Oid, Tid } from "@belay/zodb";
import type { Watch } from "./watch.ts";

/** The watches of all links, by file. */
export class WatchTable {
  readonly #byFile = new Map<Oid, Set<Watch>>();

  has(oid: Oid): boolean {
    return this.#byFile.has(oid);
  }

  of(oid: Oid): Iterable<Watch> {
    return this.#byFile.get(oid) ?? [];
  }

  add(watch: Watch): void {
    const ofFile = this.#byFile.get(watch.oid);
    if (ofFile === undefined) this.#byFile.set(watch.oid, new Set([watch]));
    else ofFile.add(watch);
  }

  remove(watch: Watch): void {
    const ofFile = this.#byFile.get(watch.oid);
    ofFile?.delete(watch);
    if (ofFile?.size === 0) this.#byFile.delete(watch.oid);
  }

  /** The earliest moment watched. */
  oldestAt(): Tid | undefined {
    let oldest: Tid | undefined;
    for (const ofFile of this.#byFile.values()) {
      for (const { at } of ofFile) if (oldest === undefined || at < oldest) oldest = at;
    }
    return oldest;
  }

  /** Watches, and blocks recorded as pinned in them. */
  count(): { readonly watches: number; readonly pinned: number } {
    let watches = 0;
    let pinned = 0;
    for (const ofFile of this.#byFile.values()) {
      watches += ofFile.size;
      for (const watch of ofFile) pinned += watch.pinned.size;
    }
    return { watches, pinned };
  }
}
