import { formatTid } from "@belay/zodb";
import type { Oid, Tid } from "@belay/zodb";
import { bug } from "../errors.ts";
import { RevisionList } from "../objlog/revision-list.ts";
import type { LinkChange } from "../treediff/tree-diff.ts";

/** What one commit changed in one block table. */
export interface TreeRevision {
  readonly rev: Tid;
  readonly links: ReadonlyMap<number, LinkChange>;
}

/** What is known about a block's link at some moment. */
export interface LinkAt {
  /** undefined: a hole, or not known. */
  readonly value: Oid | undefined;
  /** Whether `value` is known; false: the link did not change in (tail, head], so it is what it is at any moment of that. */
  readonly valueExact: boolean;
  /** Since when; the tail when not exact. */
  readonly rev: Tid;
  readonly revExact: boolean;
}

interface KeyRevision extends LinkChange {
  readonly rev: Tid;
}

/** The changes of one block table over (tail, head], by commit and by block. */
export class LinkHistory {
  readonly #revisions = new RevisionList<TreeRevision>();
  readonly #byKey = new Map<number, RevisionList<KeyRevision>>();

  /** Takes in a commit newer than all before. */
  append(revision: TreeRevision): void {
    this.#revisions.push(revision);
    for (const [key, change] of revision.links) this.#keyRevisions(key).push({ rev: revision.rev, ...change });
  }

  /**
   * Adds what was found out about a commit later. Slices handed out before stay as they were.
   *
   * @throws BugError when it contradicts what is known of the commit
   */
  merge(found: TreeRevision): void {
    const known = this.#revisions.atMost(found.rev);
    const old = known?.rev === found.rev ? known.links : new Map<number, LinkChange>();
    const links = mergeLinks(found.rev, old, found.links);
    if (links.size === old.size) return;
    this.#revisions.set({ rev: found.rev, links });
    for (const [key, change] of found.links) {
      if (!old.has(key)) this.#keyRevisions(key).set({ rev: found.rev, ...change });
    }
  }

  /** The link of a block at a moment ≥ tail. O(log n). */
  getAt(key: number, at: Tid, tail: Tid): LinkAt {
    const revisions = this.#byKey.get(key);
    const last = revisions?.atMost(at);
    if (last) return { value: last.after, valueExact: true, rev: last.rev, revExact: true };
    const next = revisions?.above(at);
    return { value: next?.before, valueExact: next !== undefined, rev: tail, revExact: false };
  }

  /** The commits in (lo, hi], oldest first; never changes afterwards. */
  slice(lo: Tid, hi: Tid): readonly TreeRevision[] {
    return this.#revisions.between(lo, hi);
  }

  forget(cut: Tid): void {
    for (const { links } of this.#revisions.dropThrough(cut)) {
      for (const key of links.keys()) this.#forgetKey(key, cut);
    }
  }

  #keyRevisions(key: number): RevisionList<KeyRevision> {
    let revisions = this.#byKey.get(key);
    if (!revisions) this.#byKey.set(key, (revisions = new RevisionList()));
    return revisions;
  }

  #forgetKey(key: number, cut: Tid): void {
    const revisions = this.#byKey.get(key);
    revisions?.dropThrough(cut);
    if (revisions?.length === 0) this.#byKey.delete(key);
  }
}

/**
 * The union of two findings about one commit.
 *
 * @throws BugError when they contradict each other
 */
export function mergeLinks(
  rev: Tid,
  one: ReadonlyMap<number, LinkChange>,
  other: ReadonlyMap<number, LinkChange>,
): Map<number, LinkChange> {
  const merged = new Map(one);
  for (const [key, change] of other) {
    const known = merged.get(key);
    if (known && (known.before !== change.before || known.after !== change.after)) {
      throw bug(`two findings about block ${key} at ${formatTid(rev)} differ`);
    }
    merged.set(key, change);
  }
  return merged;
}
