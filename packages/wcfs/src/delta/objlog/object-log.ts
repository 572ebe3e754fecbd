import { formatTid } from "@belay/zodb";
import type { Invalidation, Oid, Tid } from "@belay/zodb";
import type { BlockRevision } from "../changes.ts";
import { bug, outsideHistory } from "../errors.ts";
import { RevisionList, lastAtMost } from "./revision-list.ts";

/**
 * Every commit in (tail, head] with all the objects it changed, tracked or not: what is tracked later may have changed before.
 */
export class ObjectLog {
  readonly #commits = new RevisionList<{ readonly rev: Tid; readonly oids: readonly Oid[] }>();
  // Ascending, never empty.
  readonly #revsOf = new Map<Oid, Tid[]>();
  #tail: Tid;
  #head: Tid;

  constructor(at0: Tid) {
    this.#tail = at0;
    this.#head = at0;
  }

  get tail(): Tid {
    return this.#tail;
  }

  get head(): Tid {
    return this.#head;
  }

  /** @throws BugError when the tid is not above head */
  append(event: Invalidation): void {
    if (event.tid <= this.#head) throw bug(`commit ${formatTid(event.tid)} is not after head ${formatTid(this.#head)}`);
    const oids = [...new Set(event.oids)];
    this.#commits.push({ rev: event.tid, oids });
    for (const oid of oids) {
      const revs = this.#revsOf.get(oid);
      if (revs) revs.push(event.tid);
      else this.#revsOf.set(oid, [event.tid]);
    }
    this.#head = event.tid;
  }

  /** The newest change of the object ≤ at; inexact: it is at or before the tail. */
  lastRev(oid: Oid, at: Tid): BlockRevision {
    const rev = this.lastChange(oid, at);
    return rev === undefined ? { rev: this.#tail, exact: false } : { rev, exact: true };
  }

  /** The newest change of the object in (tail, at]. */
  lastChange(oid: Oid, at: Tid): Tid | undefined {
    const revs = this.#revsOf.get(oid);
    if (!revs) return undefined;
    return revs[lastAtMost(revs.length, (i) => revs[i] ?? 0n, at)];
  }

  /** The changes of the object in (lo, hi], oldest first. */
  changesOf(oid: Oid, lo: Tid, hi: Tid): Tid[] {
    return (this.#revsOf.get(oid) ?? []).filter((rev) => lo < rev && rev <= hi);
  }

  /** The commits in (lo, hi], oldest first; a copy. */
  commits(lo: Tid, hi: Tid): readonly { readonly rev: Tid; readonly oids: readonly Oid[] }[] {
    return this.#commits.between(lo, hi);
  }

  /** @throws BelayError `EHISTORY` unless tail ≤ at ≤ head */
  check(at: Tid): void {
    if (at < this.#tail || at > this.#head) throw outsideHistory(at, this.#tail, this.#head);
  }

  /** Drops the commits ≤ cut; the tail never goes back, and never past head. */
  forget(cut: Tid): void {
    if (cut <= this.#tail) return;
    this.#tail = cut < this.#head ? cut : this.#head;
    for (const commit of this.#commits.dropThrough(cut)) {
      for (const oid of commit.oids) this.#forgetFirst(oid);
    }
  }

  #forgetFirst(oid: Oid): void {
    const revs = this.#revsOf.get(oid);
    revs?.shift();
    if (revs?.length === 0) this.#revsOf.delete(oid);
  }
}
