import { formatOid, formatTid } from "@belay/zodb";
import type { Invalidation, Oid, Tid } from "@belay/zodb";
import type { BlockRevision, Epoch, FileChange, FileRevision, KeyRange } from "../changes.ts";
import type { History } from "../contract.ts";
import { bug, untracked } from "../errors.ts";
import { ObjectLog } from "../objlog/object-log.ts";
import type { FileState, Snapshots } from "../snapshot.ts";
import { lookupBlock } from "../treediff/lookup.ts";
import { TreeHistories } from "../treehistory/tree-histories.ts";
import type { TreeDeltas } from "../treehistory/tree-histories.ts";
import { CommitChanges } from "./commit-changes.ts";
import { blocksChangedSince, changesInEra, epochChange } from "./era-changes.ts";
import type { EraSource } from "./era-changes.ts";
import { epochBetween, readPastEpochs } from "./epochs.ts";
import { LinkTable } from "./link-table.ts";
import { Tables } from "./tables.ts";
import { erasOf } from "./tracked-file.ts";
import type { Era, Table, TrackedFile } from "./tracked-file.ts";

/** The history of the files of a database; see {@link History} for what its methods promise. */
export class FileHistory implements History {
  readonly #snapshots: Snapshots;
  readonly #log: ObjectLog;
  readonly #trees: TreeHistories;
  readonly #links = new LinkTable<Table>();
  readonly #files = new Map<Oid, TrackedFile>();
  readonly #tables = new Tables();

  /** @param at0 the newest transaction of the database now; both head and tail start there */
  constructor(snapshots: Snapshots, at0: Tid) {
    this.#snapshots = snapshots;
    this.#log = new ObjectLog(at0);
    this.#trees = new TreeHistories(snapshots, this.#log, (root, links) => {
      const table = this.#table(root);
      for (const [blk, zblk] of links) this.#links.set(table, blk, zblk);
    });
  }

  get head(): Tid {
    return this.#log.head;
  }

  get tail(): Tid {
    return this.#log.tail;
  }

  track(file: Oid, blk: number | undefined, path: readonly Oid[], leafRange: KeyRange, zblk?: Oid): void {
    const { tracked, table } = this.#trackedFor(file, path);
    this.#trees.track(path, leafRange);
    this.#files.set(file, tracked);
    this.#tables.addUser(table, tracked);
    if (blk === undefined) return;
    tracked.explicit.add(blk);
    this.#links.set(table, blk, zblk);
  }

  update(event: Invalidation): Map<Oid, FileChange> {
    const oids = [...new Set(event.oids)];
    const epochs = this.#epochsOf(event.tid, oids);
    const deltas = this.#trees.diff({ tid: event.tid, oids });
    this.#log.append({ tid: event.tid, oids });
    this.#trees.apply(event.tid, deltas);

    const changes = new CommitChanges();
    this.#takeInLinks(deltas, changes);
    for (const oid of oids) for (const { table, blk } of this.#links.of(oid)) changes.rewritten(table, blk);
    for (const [file, epoch] of epochs) {
      this.#startEra(file, epoch);
      changes.epoch(file, epoch);
    }
    return changes.byFile();
  }

  blkRevAt(file: Oid, blk: number, at: Tid): BlockRevision {
    this.#log.check(at);
    const eras = this.#eras(this.#file(file));
    const era = eras.findLast(({ start }) => start <= at);
    const start = { rev: era?.start ?? this.tail, exact: era?.epoch !== undefined };
    if (era?.root === undefined) return start;
    const table = this.#table(era.root);
    const link = this.#trees.getAt(era.root, blk, at);
    const linked = link.revExact && link.rev > start.rev ? { rev: link.rev, exact: true } : start;
    const zblk = link.valueExact ? link.value : this.#constantLink(table, blk);
    if (zblk === undefined) return linked;
    const changed = this.#log.lastRev(zblk, at);
    return changed.rev > linked.rev ? changed : linked;
  }

  changes(file: Oid, lo: Tid, hi: Tid, options: { readonly onlyExplicit?: boolean } = {}): readonly FileRevision[] {
    this.#log.check(lo);
    this.#log.check(hi);
    const tracked = this.#file(file);
    const all = this.#eras(tracked).flatMap((era) => this.#changesIn(era, lo, hi));
    return options.onlyExplicit ? onlyBlocks(all, tracked.explicit) : all;
  }

  pinsAt(file: Oid, at: Tid): Map<number, Tid> {
    const tracked = this.#file(file);
    const { table, explicit } = tracked;
    const afterEpoch = this.epochsBetween(file, at, this.head).length > 0;
    const changed = table && !afterEpoch ? blocksChangedSince(this.#source(), table, at) : explicit;
    const blocks = [...changed].filter((blk) => explicit.has(blk));
    return new Map(blocks.map((blk) => [blk, this.blkRevAt(file, blk, at).rev]));
  }

  isTracked(file: Oid): boolean {
    return this.#files.has(file);
  }

  trackedBlocks(file: Oid): ReadonlySet<number> {
    return new Set(this.#file(file).explicit);
  }

  lastEpoch(file: Oid): Epoch | undefined {
    return this.#epochs(this.#file(file)).at(-1);
  }

  epochsBetween(file: Oid, lo: Tid, hi: Tid): readonly Epoch[] {
    this.#log.check(lo);
    this.#log.check(hi);
    return this.#epochs(this.#file(file)).filter(({ rev }) => lo < rev && rev <= hi);
  }

  forget(cut: Tid): void {
    if (cut <= this.tail) return;
    this.#log.forget(cut);
    this.#trees.forget(cut);
    for (const table of this.#tables.dropUnused(this.tail)) {
      this.#links.drop(table);
      this.#trees.drop(table.root);
    }
  }

  /** The entry of a file, new or known, and its table, which has to be the one the path starts from. */
  #trackedFor(oid: Oid, path: readonly Oid[]): { tracked: TrackedFile; table: Table } {
    const root = path[0];
    const known = this.#files.get(oid);
    if (root === undefined || (known && known.table?.root !== root)) {
      throw bug(
        `the path ${path.map(formatOid).join("/")} is not one of file ${formatOid(oid)} at ${formatTid(this.head)}`,
      );
    }
    const table = known?.table ?? this.#table(root);
    const fresh = { oid, table, explicit: new Set<number>(), epochs: [], trackedAt: this.head, pastRead: false };
    return { tracked: known ?? fresh, table };
  }

  #epochsOf(tid: Tid, oids: readonly Oid[]): Map<TrackedFile, Epoch> {
    const epochs = new Map<TrackedFile, Epoch>();
    for (const oid of oids) {
      const file = this.#files.get(oid);
      if (!file) continue;
      const stateAt = (at: Tid): FileState | undefined => this.#snapshots.at(at).file(oid);
      const epoch = epochBetween(tid, stateAt(this.head), stateAt(tid));
      if (epoch) epochs.set(file, epoch);
    }
    return epochs;
  }

  #takeInLinks(deltas: TreeDeltas, changes: CommitChanges): void {
    for (const [root, { links }] of deltas) {
      if (links.size === 0) continue;
      const table = this.#table(root);
      for (const [blk, { after }] of links) this.#links.set(table, blk, after);
      changes.relinked(table, links.keys());
    }
  }

  #startEra(file: TrackedFile, epoch: Epoch): void {
    file.epochs = [...file.epochs, epoch];
    file.explicit.clear();
    if (file.table) this.#tables.removeUser(file.table, file, epoch.rev);
    file.table = epoch.after && this.#table(epoch.after.blktab);
    if (file.table) this.#tables.addUser(file.table, file);
  }

  #changesIn(era: Era, lo: Tid, hi: Tid): FileRevision[] {
    const changes: FileRevision[] = [];
    if (era.epoch && lo < era.start && era.start <= hi) changes.push(epochChange(era.epoch));
    const from = lo > era.start ? lo : era.start;
    const to = era.end !== undefined && era.end <= hi ? era.end - 1n : hi;
    if (era.root === undefined || from >= to) return changes;
    const table = this.#table(era.root);
    return [...changes, ...changesInEra(this.#source(), table, from, to)];
  }

  #source(): EraSource {
    return { log: this.#log, trees: this.#trees, linksOf: (zblk) => this.#links.of(zblk) };
  }

  /** The link of a block that did not change in (tail, head]. */
  #constantLink(table: Table, blk: number): Oid | undefined {
    const known = this.#links.get(table, blk);
    if (known) return known.zblk;
    const { value } = lookupBlock(this.#snapshots.at(this.head), table.root, blk);
    this.#links.set(table, blk, value);
    return value;
  }

  #eras(file: TrackedFile): Era[] {
    this.#epochs(file);
    return erasOf(file, this.tail);
  }

  // What was read of the past stays; forgetting is done here, too, so that a commit need not look at every file.
  #epochs(file: TrackedFile): readonly Epoch[] {
    if (!file.pastRead) {
      const past = readPastEpochs(file, this.#log, this.#snapshots);
      file.epochs = [...past, ...file.epochs];
      file.pastRead = true;
    }
    if (file.epochs[0] && file.epochs[0].rev <= this.tail) {
      file.epochs = file.epochs.filter(({ rev }) => rev > this.tail);
    }
    return file.epochs;
  }

  #file(oid: Oid): TrackedFile {
    const file = this.#files.get(oid);
    if (!file) throw untracked(oid);
    return file;
  }

  #table(root: Oid): Table {
    return this.#tables.of(root, this.head);
  }
}

function onlyBlocks(changes: readonly FileRevision[], blocks: ReadonlySet<number>): FileRevision[] {
  return changes
    .map((change) => ({ ...change, blocks: new Set([...change.blocks].filter((blk) => blocks.has(blk))) }))
    .filter(({ blocks: left, epoch }) => left.size > 0 || epoch !== undefined);
}
