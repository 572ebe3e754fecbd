import type { Oid, Tid } from "@belay/zodb";
import type { Epoch, FileRevision } from "../changes.ts";
import type { ObjectLog } from "../objlog/object-log.ts";
import type { TreeRevision } from "../treehistory/link-history.ts";
import type { TreeHistories } from "../treehistory/tree-histories.ts";
import type { Link } from "./link-table.ts";
import type { Table } from "./tracked-file.ts";

/** What the changes of an era are made of. */
export interface EraSource {
  readonly log: ObjectLog;
  readonly trees: TreeHistories;
  /** The blocks linked to an object at head. */
  readonly linksOf: (zblk: Oid) => Iterable<Link<Table>>;
}

/** The change that begins an era. */
export function epochChange(epoch: Epoch): FileRevision {
  return { rev: epoch.rev, blocks: new Set(), sizeChanged: true, epoch };
}

/** The changes of the files of a block table in (lo, hi], oldest first. Costs what was committed in the span and to the table after it. */
export function changesInEra(source: EraSource, table: Table, lo: Tid, hi: Tid): FileRevision[] {
  const { log, trees } = source;
  const treeChanges = trees.slice(table.root, lo, log.head);
  const links = new Map(treeChanges.map((revision) => [revision.rev, revision.links]));
  const former = formerLinks(treeChanges);
  const changes: FileRevision[] = [];
  for (const { rev, oids } of log.commits(lo, hi)) {
    const relinked = links.get(rev);
    const blocks = new Set(relinked?.keys());
    for (const oid of oids) {
      for (const blk of blocksEverLinked(source, table, former, oid)) {
        if (!blocks.has(blk) && wasLinked(source, table, blk, oid, rev)) blocks.add(blk);
      }
    }
    if (blocks.size > 0) changes.push({ rev, blocks, sizeChanged: relinked !== undefined, epoch: undefined });
  }
  return changes;
}

/**
 * The blocks of a table that changed in (at, head], of those with a known link.
 *
 * No look at single revisions is needed: a block that was linked to a written object, but is not any more, was relinked after that, so it
 * is among the blocks of the tree history.
 */
export function blocksChangedSince({ log, trees, linksOf }: EraSource, table: Table, at: Tid): Set<number> {
  const blocks = new Set<number>();
  for (const { links } of trees.slice(table.root, at, log.head)) for (const blk of links.keys()) blocks.add(blk);
  const written = new Set<Oid>();
  for (const { oids } of log.commits(at, log.head)) for (const oid of oids) written.add(oid);
  for (const oid of written) for (const link of linksOf(oid)) if (link.table === table) blocks.add(link.blk);
  return blocks;
}

/** For each object, the blocks that were taken away from it. */
function formerLinks(changes: readonly TreeRevision[]): Map<Oid, Set<number>> {
  const former = new Map<Oid, Set<number>>();
  for (const { links } of changes) {
    for (const [blk, { before }] of links) {
      if (before === undefined) continue;
      const blocks = former.get(before);
      if (blocks) blocks.add(blk);
      else former.set(before, new Set([blk]));
    }
  }
  return former;
}

function* blocksEverLinked(
  source: EraSource,
  table: Table,
  former: Map<Oid, Set<number>>,
  zblk: Oid,
): Generator<number, void, undefined> {
  for (const link of source.linksOf(zblk)) if (link.table === table) yield link.blk;
  yield* former.get(zblk) ?? [];
}

function wasLinked({ trees }: EraSource, table: Table, blk: number, zblk: Oid, at: Tid): boolean {
  const link = trees.getAt(table.root, blk, at);
  // A block whose link never changed is known here by its link at head.
  return !link.valueExact || link.value === zblk;
}
