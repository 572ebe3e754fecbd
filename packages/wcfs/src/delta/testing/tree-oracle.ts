import type { Oid } from "@belay/zodb";
import type { Snapshot } from "../snapshot.ts";

/**
 * What tree comparison has to find, worked out naively: both trees read completely, block numbers as plain sets of points. Shares no code with
 * what it judges.
 */
export interface OracleLeaf {
  readonly oid: Oid;
  readonly path: readonly Oid[];
  readonly lo: number;
  readonly hi: number;
  readonly links: ReadonlyMap<number, Oid>;
}

export interface OracleTree {
  readonly leaves: readonly OracleLeaf[];
  readonly links: ReadonlyMap<number, Oid>;
}

export type Points = ReadonlySet<number>;

/** Stands for "beyond all blocks", where the size is decided. */
export const BEYOND = 1e6;

/** The whole numbers a test can come near to, up to `maxKey` and some more, and one far away on each side. */
export function universe(maxKey: number, more: readonly number[] = []): number[] {
  return [-BEYOND, ...Array.from({ length: maxKey + 5 }, (_, i) => i - 2), ...more, BEYOND];
}

/** Reads a whole tree. */
export function readTree(snapshot: Snapshot, root: Oid): OracleTree {
  const leaves: OracleLeaf[] = [];
  const stack = [{ oid: root, path: [root], lo: -Infinity, hi: Infinity }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { oid, path, lo, hi } = top;
    const node = snapshot.node(oid);
    if (node?.kind !== "tree" || node.children.length === 0) {
      const bucket = node?.kind === "tree" ? node.embedded : node;
      const links = new Map((bucket?.keys ?? []).map((key, i) => [key, bucket?.values[i] ?? 0n]));
      leaves.push({ oid, path, lo, hi, links });
      continue;
    }
    for (const [i, child] of node.children.entries()) {
      const from = i === 0 ? lo : Math.max(lo, node.separators[i - 1] ?? lo);
      const to = i === node.children.length - 1 ? hi : Math.min(hi, node.separators[i] ?? hi);
      stack.push({ oid: child, path: [...path, child], lo: from, hi: to });
    }
  }
  return { leaves, links: new Map(leaves.flatMap((leaf) => [...leaf.links])) };
}

export function leafFor(tree: OracleTree, key: number): OracleLeaf {
  const leaf = tree.leaves.find(({ lo, hi }) => lo <= key && key < hi);
  if (!leaf) throw new Error(`no leaf for ${key}`);
  return leaf;
}

/** All points in the leaves of the given ones. */
export function spread(tree: OracleTree, points: Points, all: readonly number[]): Set<number> {
  const leaves = new Set([...points].map((key) => leafFor(tree, key)));
  return new Set(all.filter((key) => leaves.has(leafFor(tree, key))));
}

/** The smallest set with these points that is whole leaves in both trees. */
export function adjacent(a: OracleTree, b: OracleTree, points: Points, all: readonly number[]): Set<number> {
  let now = new Set(points);
  for (;;) {
    const next = spread(b, spread(a, now, all), all);
    if (next.size === now.size) return now;
    now = next;
  }
}

/** The points among the tracked ones whose leaf is another, has another range, or was written. */
export function hits(a: OracleTree, b: OracleTree, written: ReadonlySet<Oid>, tracked: Points): Set<number> {
  return new Set(
    [...tracked].filter((key) => {
      const [was, is] = [leafFor(a, key), leafFor(b, key)];
      return was.oid !== is.oid || was.lo !== is.lo || was.hi !== is.hi || written.has(was.oid);
    }),
  );
}

/** The differing links of some points, as text: block, before, after. */
export function linkChanges(a: OracleTree, b: OracleTree, points: Points): string[] {
  const keys = [...new Set([...a.links.keys(), ...b.links.keys()])].sort((x, y) => x - y);
  return keys
    .filter((key) => points.has(key) && a.links.get(key) !== b.links.get(key))
    .map((key) => linkText(key, a.links.get(key), b.links.get(key)));
}

export function linkText(key: number, before: Oid | undefined, after: Oid | undefined): string {
  return `${key}: ${before ?? "-"} > ${after ?? "-"}`;
}

/** One step in the history of a tree. */
export interface OracleStep {
  readonly before: OracleTree;
  readonly after: OracleTree;
  readonly written: ReadonlySet<Oid>;
}

/** What a step touches of the tracked points. */
export function touchedBy(step: OracleStep, tracked: Points, all: readonly number[]): Set<number> {
  return adjacent(step.before, step.after, hits(step.before, step.after, step.written, tracked), all);
}

/** The tracked points with all that belongs to them in some step, whole leaves at the end of the last one. */
export function closure(steps: readonly OracleStep[], tracked: Points, all: readonly number[]): Set<number> {
  let now = new Set(tracked);
  for (;;) {
    let next = new Set(now);
    for (const step of steps) next = new Set([...next, ...touchedBy(step, next, all)]);
    const last = steps.at(-1);
    if (last) next = spread(last.after, next, all);
    if (next.size === now.size) return now;
    now = next;
  }
}

/** The nodes on the paths to some points, each with its parent, as text. */
export function pathNodes(tree: OracleTree, points: Points): string[] {
  const nodes = new Set<string>();
  for (const key of points) {
    leafFor(tree, key).path.forEach((oid, i, path) => nodes.add(`${oid} < ${path[i - 1] ?? "-"}`));
  }
  return [...nodes].sort();
}
