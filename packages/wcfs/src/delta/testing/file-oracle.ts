import type { Invalidation, Oid, Tid } from "@belay/zodb";
import type { BlockRevision } from "../changes.ts";
import type { FileState, Snapshots } from "../snapshot.ts";
import { readTree } from "./tree-oracle.ts";

/** What one commit really changed in a file, with nothing left out. */
export interface OracleChange {
  readonly rev: Tid;
  readonly epoch: boolean;
  readonly blocks: ReadonlySet<number>;
  /** The blocks among them whose link changed. */
  readonly relinked: ReadonlySet<number>;
}

/** A database with the list of its commits, oldest first. */
export interface Source extends Snapshots {
  readonly commits: readonly Invalidation[];
}

/** A file's states, read completely at each commit. */
export class FileOracle {
  readonly file: Oid;
  readonly #source: Source;
  readonly #changes: OracleChange[] = [];
  #state: FileState | undefined;
  #links: ReadonlyMap<number, Oid> = new Map();

  constructor(source: Source, file: Oid) {
    this.#source = source;
    this.file = file;
    for (const { tid } of source.commits) this.takeIn(tid);
  }

  /** The blocks of the file at head, with their objects. */
  get links(): ReadonlyMap<number, Oid> {
    return this.#links;
  }

  get state(): FileState | undefined {
    return this.#state;
  }

  /** Takes in the next commit. */
  takeIn(tid: Tid): void {
    const event = this.#source.commits.find((commit) => commit.tid === tid);
    const written = new Set(event?.oids);
    const snapshot = this.#source.at(tid);
    const [before, after] = [this.#state, snapshot.file(this.file)];
    const old = this.#links;
    this.#state = after;
    this.#links = after ? readTree(snapshot, after.blktab).links : new Map<number, Oid>();
    const epoch = before?.blktab !== after?.blktab || Number(before?.blksize ?? -1) !== Number(after?.blksize ?? -1);
    const keys = new Set([...old.keys(), ...this.#links.keys()]);
    const relinked = new Set([...keys].filter((key) => old.get(key) !== this.#links.get(key)));
    const rewritten = [...keys].filter((key) => !relinked.has(key) && written.has(this.#links.get(key) ?? 0n));
    const blocks = new Set(epoch ? [] : [...relinked, ...rewritten]);
    this.#changes.push({ rev: tid, epoch, blocks, relinked: epoch ? new Set() : relinked });
  }

  /** The changes in (lo, hi]; commits that did not change the file are among them. */
  changes(lo: Tid, hi: Tid): OracleChange[] {
    return this.#changes.filter(({ rev }) => lo < rev && rev <= hi);
  }

  changeAt(rev: Tid): OracleChange | undefined {
    return this.#changes.find((change) => change.rev === rev);
  }

  /** Since when the block is what it is at a moment, as far as (tail, at] tells. */
  blkRevAt(blk: number, at: Tid, tail: Tid): BlockRevision {
    const last = this.changes(tail, at).findLast(({ epoch, blocks }) => epoch || blocks.has(blk));
    return last ? { rev: last.rev, exact: true } : { rev: tail, exact: false };
  }
}
