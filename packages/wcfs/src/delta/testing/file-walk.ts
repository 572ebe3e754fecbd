import { expect } from "vitest";
import type { Invalidation, Oid, Tid } from "@belay/zodb";
import type { FileChange, FileRevision } from "../changes.ts";
import { FileHistory } from "../filehistory/file-history.ts";
import { lookupBlock, lookupLast } from "../treediff/lookup.ts";
import { FileOracle } from "./file-oracle.ts";
import type { OracleChange, Source } from "./file-oracle.ts";

/** A change with the blocks that were tracked for certain. */
interface TrackedChange extends OracleChange {
  readonly tracked: ReadonlySet<number>;
}

const NONE: ReadonlySet<number> = new Set();

/** A file history that follows a database, compared with what really happened after each step. */
export class FileWalk {
  readonly history: FileHistory;
  readonly #source: Source;
  readonly #oracles: ReadonlyMap<Oid, FileOracle>;
  /** The blocks tracked since the file's last epoch. */
  readonly #explicit = new Map<Oid, Set<number>>();

  /** Starts after the newest commit of the database. */
  constructor(files: readonly Oid[], source: Source) {
    this.#source = source;
    this.history = new FileHistory(source, source.commits.at(-1)?.tid ?? 0n);
    this.#oracles = new Map(files.map((file) => [file, new FileOracle(source, file)]));
  }

  oracle(file: Oid): FileOracle {
    const oracle = this.#oracles.get(file);
    if (!oracle) throw new Error(`file ${file} is not part of the walk`);
    return oracle;
  }

  explicit(file: Oid): Set<number> {
    const known = this.#explicit.get(file) ?? new Set();
    this.#explicit.set(file, known);
    return known;
  }

  /** Reads blocks at head, as the server does: looks them up and tracks them. Nothing happens when the file does not exist. */
  track(file: Oid, blocks: Iterable<number>): void {
    const snapshot = this.#source.at(this.history.head);
    const state = snapshot.file(file);
    if (!state) return;
    for (const blk of blocks) {
      const { path, leafRange, value } = lookupBlock(snapshot, state.blktab, blk);
      this.history.track(file, blk, path, leafRange, value);
      this.explicit(file).add(blk);
    }
  }

  /** Tracks what the file's size depends on. */
  trackSize(file: Oid): void {
    const snapshot = this.#source.at(this.history.head);
    const state = snapshot.file(file);
    if (!state) return;
    const { path, leafRange } = lookupLast(snapshot, state.blktab);
    this.history.track(file, undefined, path, leafRange);
  }

  /** Takes the next commit in, and checks what is said about it. */
  takeIn(event: Invalidation): Map<Oid, FileChange> {
    for (const oracle of this.#oracles.values()) oracle.takeIn(event.tid);
    const told = this.history.update(event);
    for (const oracle of this.#oracles.values()) this.#expectUpdate(oracle, told.get(oracle.file));
    return told;
  }

  /** All that can be asked about the files, for every block that was tracked and every span. */
  expectAll(): void {
    for (const oracle of this.#oracles.values()) {
      if (!this.history.isTracked(oracle.file)) continue;
      expect(this.history.trackedBlocks(oracle.file)).toEqual(this.explicit(oracle.file));
      this.#expectEpochs(oracle);
      this.#expectChanges(oracle);
      this.expectRevisions(oracle.file, this.explicit(oracle.file));
      this.#expectPins(oracle);
    }
  }

  /** Since when some blocks, tracked or not, have their content, at every moment. */
  expectRevisions(file: Oid, blocks: Iterable<number>): void {
    const { tail } = this.history;
    const told: unknown[] = [];
    const expected: unknown[] = [];
    for (const blk of blocks) {
      for (const at of this.#moments()) {
        told.push([blk, at, this.history.blkRevAt(file, blk, at)]);
        expected.push([blk, at, this.oracle(file).blkRevAt(blk, at, tail)]);
      }
    }
    expect(told).toEqual(expected);
  }

  #expectUpdate(oracle: FileOracle, told: FileChange | undefined): void {
    const real = oracle.changeAt(this.history.head);
    if (!this.history.isTracked(oracle.file) || !real) {
      expect(told).toBeUndefined();
      return;
    }
    expect(told?.epoch !== undefined).toBe(real.epoch);
    if (real.epoch) {
      this.explicit(oracle.file).clear();
      expect(told?.blocks.size).toBe(0);
      return;
    }
    const blocks = told?.blocks ?? new Set<number>();
    expect([...this.explicit(oracle.file)].filter((blk) => real.blocks.has(blk) && !blocks.has(blk))).toEqual([]);
    expect([...blocks].filter((blk) => !real.blocks.has(blk))).toEqual([]);
    expect(told?.sizeChanged ?? false).toBe([...blocks].some((blk) => real.relinked.has(blk)));
  }

  #expectEpochs(oracle: FileOracle): void {
    const { tail, head } = this.history;
    const real = oracle.changes(tail, head).filter(({ epoch }) => epoch);
    const told = this.history.epochsBetween(oracle.file, tail, head);
    expect(told.map(({ rev }) => rev)).toEqual(real.map(({ rev }) => rev));
    expect(this.history.lastEpoch(oracle.file)?.rev).toBe(real.at(-1)?.rev);
  }

  #expectChanges(oracle: FileOracle): void {
    const explicit = this.explicit(oracle.file);
    const lastEpoch = oracle.changes(this.history.tail, this.history.head).findLast(({ epoch }) => epoch)?.rev ?? 0n;
    for (const [lo, hi] of this.#spans()) {
      // Before the last epoch no block was tracked for certain.
      const real = oracle
        .changes(lo, hi)
        .map((change) => ({ ...change, tracked: change.rev > lastEpoch ? explicit : NONE }));
      const told = this.history.changes(oracle.file, lo, hi, { onlyExplicit: true });
      const wanted = real
        .map(({ rev, epoch, blocks, tracked }) => ({
          rev,
          epoch,
          blocks: sorted(blocks).filter((blk) => tracked.has(blk)),
        }))
        .filter(({ epoch, blocks }) => epoch || blocks.length > 0);
      const shown = told.filter(({ rev, epoch }) => epoch !== undefined || rev > lastEpoch);
      expect(
        shown.map(({ rev, epoch, blocks }) => ({ rev, epoch: epoch !== undefined, blocks: sorted(blocks) })),
      ).toEqual(wanted);
      expectUniform(this.history.changes(oracle.file, lo, hi), real);
    }
  }

  #expectPins(oracle: FileOracle): void {
    const { tail, head } = this.history;
    for (const at of this.#moments()) {
      if (oracle.changes(at, head).some(({ epoch }) => epoch)) continue;
      const late = sorted(this.explicit(oracle.file)).filter((blk) => oracle.blkRevAt(blk, head, tail).rev > at);
      const pins = this.history.pinsAt(oracle.file, at);
      expect(sorted(pins.keys()).map((blk) => [blk, pins.get(blk)])).toEqual(
        late.map((blk) => [blk, oracle.blkRevAt(blk, at, tail).rev]),
      );
    }
  }

  /** The tail and each commit after it. */
  #commits(): Tid[] {
    const { tail, head } = this.history;
    return [tail, ...this.#source.commits.map(({ tid }) => tid).filter((tid) => tail < tid && tid <= head)];
  }

  /** Those, and a moment after each. */
  #moments(): Tid[] {
    return this.#commits().flatMap((tid) => (tid === this.history.head ? [tid] : [tid, tid + 1n]));
  }

  #spans(): [Tid, Tid][] {
    const commits = this.#commits();
    return commits.flatMap((lo) => commits.filter((hi) => lo <= hi).map((hi): [Tid, Tid] => [lo, hi]));
  }
}

/** Nothing untrue is told; tracked blocks are told; a block told once, in an era, is told whenever it changed. */
function expectUniform(told: readonly FileRevision[], real: readonly TrackedChange[]): void {
  const blocksAt = new Map(told.map(({ rev, blocks }) => [rev, blocks]));
  const sizeAt = new Map(told.map(({ rev, sizeChanged }) => [rev, sizeChanged]));
  expect(told.map(({ rev }) => rev)).toEqual(sorted(blocksAt.keys()));
  for (const era of eras(real)) {
    const known = new Set(era.flatMap(({ rev, tracked }) => [...tracked, ...(blocksAt.get(rev) ?? [])]));
    for (const { rev, blocks, relinked } of era) {
      const expected = sorted(blocks).filter((blk) => known.has(blk));
      expect([rev, sorted(blocksAt.get(rev) ?? [])]).toEqual([rev, expected]);
      expect(sizeAt.get(rev) ?? false).toBe(expected.some((blk) => relinked.has(blk)));
    }
  }
}

/** The changes between epochs. */
function eras(changes: readonly TrackedChange[]): TrackedChange[][] {
  const result: TrackedChange[][] = [[]];
  for (const change of changes) {
    if (change.epoch) result.push([]);
    else result.at(-1)?.push(change);
  }
  return result;
}

function sorted<T extends number | bigint>(values: Iterable<T>): T[] {
  return [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
