import type { TreeNode } from "./node.ts";

/** The number of the root in every FUSE file system. */
export const ROOT_ID = 1;

/**
 * The nodes the kernel knows, by number.
 *
 * Numbers are never used twice, so a late message about a node that is gone cannot hit another one.
 */
export class NodeTable<N extends TreeNode> {
  readonly #nodes = new Map<number, N>();
  #lastId = ROOT_ID;

  /** A number for a new node. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** Nodes the kernel knows at the moment. */
  get size(): number {
    return this.#nodes.size;
  }

  get(id: number): N | undefined {
    return this.#nodes.get(id);
  }

  /** The kernel was told of the node once more. */
  reference(node: N): void {
    node.references++;
    this.#nodes.set(node.id, node);
  }

  /** The kernel gave back `count` references. More than it had are ignored. */
  forget(id: number, count: number): void {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    node.references = Math.max(0, node.references - count);
    if (node.references > 0 || id === ROOT_ID) return;
    this.#nodes.delete(id);
    node.forgotten?.();
  }
}
