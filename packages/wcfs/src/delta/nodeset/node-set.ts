import { formatOid } from "@belay/zodb";
import type { Oid } from "@belay/zodb";
import { corrupt } from "../errors.ts";

/** A tree node on the path of a tracked leaf. */
export interface TrackedNode {
  readonly oid: Oid;
  readonly parent: TrackedNode | undefined;
}

/** How the paths of tracked leaves change from one state of a tree to another. */
export interface PathChanges {
  /** Leaves that are no leaves of the new state, or were compared anew. */
  readonly gone: readonly Oid[];
  /** Paths, in the new state, of nodes below which nothing changed but whose ancestors may have. */
  readonly kept: readonly (readonly Oid[])[];
  /** Paths of leaves of the new state. */
  readonly came: readonly (readonly Oid[])[];
}

interface Node extends TrackedNode {
  parent: Node | undefined;
  children: number;
  leaf: boolean;
}

/**
 * The nodes of trees on the paths from the roots to the tracked leaves.
 *
 * Always closed under "parent"; every node has one parent, a root none; a node without children is a leaf.
 */
export class NodeSet {
  readonly #nodes = new Map<Oid, Node>();

  get size(): number {
    return this.#nodes.size;
  }

  get(oid: Oid): TrackedNode | undefined {
    return this.#nodes.get(oid);
  }

  has(oid: Oid): boolean {
    return this.#nodes.has(oid);
  }

  isLeaf(oid: Oid): boolean {
    return this.#nodes.get(oid)?.leaf === true;
  }

  oids(): IterableIterator<Oid> {
    return this.#nodes.keys();
  }

  /**
   * Adds a leaf with its ancestors.
   *
   * @returns the nodes that were not in the set
   * @throws BelayError `ECORRUPT` when a node of the path is in the set under another parent
   */
  add(path: readonly Oid[]): Oid[] {
    path.forEach((oid, i) => {
      const node = this.#nodes.get(oid);
      if (node && node.parent?.oid !== path[i - 1]) throw twoParents(oid, node.parent?.oid, path[i - 1]);
    });
    const added: Oid[] = [];
    this.#hang(path, added, []);
    this.#markLeaf(path);
    return added;
  }

  /**
   * Moves on to another state of the tree with this root.
   *
   * @returns the nodes that were not in the set before
   * @throws BelayError `ECORRUPT` when the new state contains a node of another tree
   */
  apply(changes: PathChanges): Oid[] {
    const added: Oid[] = [];
    const bereft: Node[] = [];
    for (const path of changes.kept) this.#hang(path, added, bereft);
    for (const oid of changes.gone) {
      const node = this.#nodes.get(oid);
      if (!node) continue;
      node.leaf = false;
      bereft.push(node);
    }
    for (const path of changes.came) {
      this.#hang(path, added, bereft);
      this.#markLeaf(path);
    }
    for (const node of bereft) this.#prune(node);
    return added.filter((oid) => this.#nodes.has(oid));
  }

  /** Drops all of a tree. Looks at every node of the set. */
  removeTree(root: Oid): void {
    const inTree = [...this.#nodes.values()].filter((node) => rootOf(node).oid === root);
    for (const node of inTree) this.#nodes.delete(node.oid);
  }

  // Makes the nodes of the path children of each other, from the root down, so that each new parent already hangs right.
  #hang(path: readonly Oid[], added: Oid[], bereft: Node[]): void {
    let parent: Node | undefined;
    for (const oid of path) {
      let node = this.#nodes.get(oid);
      if (!node) {
        node = { oid, parent, children: 0, leaf: false };
        this.#nodes.set(oid, node);
        added.push(oid);
        if (parent) parent.children++;
      } else if (node.parent !== parent) {
        this.#move(node, parent, path, bereft);
      }
      parent = node;
    }
  }

  #move(node: Node, parent: Node | undefined, path: readonly Oid[], bereft: Node[]): void {
    if (!parent || !node.parent || rootOf(node).oid !== path[0])
      throw twoParents(node.oid, node.parent?.oid, parent?.oid);
    node.parent.children--;
    bereft.push(node.parent);
    node.parent = parent;
    parent.children++;
  }

  #markLeaf(path: readonly Oid[]): void {
    const leaf = path.length > 0 ? this.#nodes.get(path[path.length - 1] ?? 0n) : undefined;
    if (leaf) leaf.leaf = true;
  }

  #prune(start: Node): void {
    let node: Node | undefined = start;
    while (node && !node.leaf && node.children === 0 && this.#nodes.get(node.oid) === node) {
      this.#nodes.delete(node.oid);
      if (node.parent) node.parent.children--;
      node = node.parent;
    }
  }
}

/** The root of the tree a node is in. */
export function rootOf(node: TrackedNode): TrackedNode {
  let root = node;
  while (root.parent) root = root.parent;
  return root;
}

function twoParents(oid: Oid, one: Oid | undefined, other: Oid | undefined): Error {
  const name = (parent: Oid | undefined): string =>
    parent === undefined ? "the root of a tree" : `a child of ${formatOid(parent)}`;
  return corrupt(`tree node ${formatOid(oid)} is ${name(one)} and ${name(other)} at once`);
}
