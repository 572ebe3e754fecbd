/**
 * Trees as text: levels from the root down separated by `/`, nodes of a level by `-`. `T2,4` is a tree node with separators 2 and 4 and
 * so with three children, the next three nodes of the level below; `B1:a,3:b` is a bucket. `T/B:` is the empty tree, `ø` none at all.
 */
export type Topology = TreeTopology | BucketTopology;

export interface TreeTopology {
  readonly kind: "tree";
  readonly separators: readonly number[];
  readonly children: readonly Topology[];
}

export interface BucketTopology {
  readonly kind: "bucket";
  /** Block number and the name of its object. */
  readonly entries: readonly (readonly [number, string])[];
}

export const NO_TREE = "ø";

/** @throws Error when the levels do not fit each other */
export function parseTopology(text: string): TreeTopology | undefined {
  if (text === NO_TREE) return undefined;
  const levels = text.split("/").map((level) => level.split("-"));
  let below: Topology[] = [];
  for (const level of levels.reverse()) {
    const rest = below;
    below = level.map((node) => parseNode(node, rest));
    if (rest.length > 0) throw new Error(`${text}: ${rest.length} nodes have no parent`);
  }
  const [root, ...others] = below;
  if (root?.kind !== "tree" || others.length > 0) throw new Error(`${text}: the root has to be one tree`);
  return root;
}

function parseNode(text: string, below: Topology[]): Topology {
  if (text.startsWith("B")) return { kind: "bucket", entries: text.slice(1).split(",").flatMap(parseEntry) };
  if (!text.startsWith("T")) throw new Error(`${text} is neither a tree nor a bucket`);
  const separators = text === "T" ? [] : text.slice(1).split(",").map(Number);
  if (below.length <= separators.length) throw new Error(`${text} lacks children`);
  return { kind: "tree", separators, children: below.splice(0, separators.length + 1) };
}

function parseEntry(text: string): [number, string][] {
  const [key, value] = text.split(":");
  return key === undefined || key === "" || value === undefined ? [] : [[Number(key), value]];
}

/** The text of a tree; parsing it gives the tree again. */
export function formatTopology(tree: TreeTopology | undefined): string {
  if (!tree) return NO_TREE;
  const levels: string[] = [];
  for (let level: Topology[] = [tree]; level.length > 0; level = level.flatMap(childrenOf)) {
    levels.push(level.map(formatNode).join("-"));
  }
  return levels.join("/");
}

function childrenOf(node: Topology): readonly Topology[] {
  return node.kind === "tree" ? node.children : [];
}

function formatNode(node: Topology): string {
  if (node.kind === "tree") return `T${node.separators.join(",")}`;
  const entries = node.entries.map(([key, value]) => `${key}:${value}`).join(",");
  return `B${entries === "" ? ":" : entries}`;
}

/** All entries of the tree. */
export function entriesOf(node: Topology | undefined): (readonly [number, string])[] {
  if (!node) return [];
  return node.kind === "bucket" ? [...node.entries] : node.children.flatMap((child) => entriesOf(child));
}
