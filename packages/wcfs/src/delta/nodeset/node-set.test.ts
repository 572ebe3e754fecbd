import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NodeSet } from "./node-set.ts";

/** Each node with its parent, and a star when it is a leaf. */
function shape(set: NodeSet): string[] {
  return [...set.oids()].map((oid) => `${oid}<${set.get(oid)?.parent?.oid ?? "-"}${set.isLeaf(oid) ? "*" : ""}`).sort();
}

function shapeOf(paths: readonly (readonly bigint[])[]): string[] {
  const set = new NodeSet();
  for (const path of paths) set.add(path);
  return shape(set);
}

// Trees over the nodes 1..40 in heap order, so that node n has the parent n/2 and every path is known by its end.
function pathTo(leaf: number): bigint[] {
  const path: bigint[] = [];
  for (let node = leaf; node > 0; node = Math.floor(node / 2)) path.unshift(BigInt(node));
  return path;
}

// Leaves of which none is above another.
const leaves = fc.uniqueArray(fc.integer({ min: 16, max: 31 }), { maxLength: 16 });

describe("a set of tracked nodes", () => {
  test("holds a leaf with all its ancestors", () => {
    const set = new NodeSet();
    expect(set.add([1n, 2n, 4n])).toEqual([1n, 2n, 4n]);
    expect(set.add([1n, 2n, 5n])).toEqual([5n]);
    expect(shape(set)).toEqual(["1<-", "2<1", "4<2*", "5<2*"]);
  });

  test("keeps the ancestors that others need when leaves go, and no more", () => {
    fc.assert(
      fc.property(leaves, leaves, (there, gone) => {
        const set = new NodeSet();
        for (const leaf of there) set.add(pathTo(leaf));
        set.apply({ gone: gone.map(BigInt), kept: [], came: [] });
        expect(shape(set)).toEqual(shapeOf(there.filter((leaf) => !gone.includes(leaf)).map(pathTo)));
      }),
    );
  });

  test("is the union of what was added, in whatever order", () => {
    fc.assert(
      fc.property(leaves, leaves, (one, two) => {
        const set = new NodeSet();
        for (const leaf of one) set.add(pathTo(leaf));
        set.apply({ gone: [], kept: [], came: two.map(pathTo) });
        expect(shape(set)).toEqual(shapeOf([...two, ...one].map(pathTo)));
      }),
    );
  });

  test("takes leaves out and puts others in, in one step", () => {
    fc.assert(
      fc.property(leaves, leaves, leaves, (there, gone, came) => {
        const set = new NodeSet();
        for (const leaf of there) set.add(pathTo(leaf));
        const before = new Set(set.oids());
        const added = set.apply({ gone: gone.map(BigInt), kept: [], came: came.map(pathTo) });
        const left = there.filter((leaf) => !gone.includes(leaf));
        expect(shape(set)).toEqual(shapeOf([...left, ...came].map(pathTo)));
        expect(new Set(added)).toEqual(new Set([...set.oids()].filter((oid) => !before.has(oid))));
      }),
    );
  });

  test("moves a subtree to another parent with all that is below it", () => {
    const set = new NodeSet();
    for (const path of [
      [1n, 2n, 4n, 8n],
      [1n, 2n, 4n, 9n],
      [1n, 3n, 6n],
    ])
      set.add(path);
    set.apply({ gone: [], kept: [[1n, 3n, 4n]], came: [] });
    expect(shape(set)).toEqual(["1<-", "3<1", "4<3", "6<3*", "8<4*", "9<4*"]);
  });

  test("follows when parent and child change places", () => {
    const set = new NodeSet();
    set.add([1n, 2n, 3n, 9n]);
    set.apply({ gone: [], kept: [[1n, 3n, 2n, 9n]], came: [] });
    expect(shape(set)).toEqual(["1<-", "2<3", "3<1", "9<2*"]);
  });

  test("has the root alone as its leaf when a tree is empty", () => {
    const set = new NodeSet();
    set.add([1n, 2n, 3n]);
    set.apply({ gone: [3n], kept: [], came: [[1n]] });
    expect(shape(set)).toEqual(["1<-*"]);
    set.apply({ gone: [1n], kept: [], came: [[1n, 4n]] });
    expect(shape(set)).toEqual(["1<-", "4<1*"]);
  });

  test("refuses a node with two parents, or in two trees, and stays as it was", () => {
    const set = new NodeSet();
    set.add([1n, 2n, 3n]);
    const twoParents = expect.objectContaining({ code: "ECORRUPT" }) as unknown;
    expect(() => set.add([1n, 4n, 3n])).toThrow(twoParents);
    expect(() => set.add([7n, 2n, 5n])).toThrow(twoParents);
    expect(() => set.add([2n, 5n])).toThrow(twoParents);
    expect(shape(set)).toEqual(["1<-", "2<1", "3<2*"]);
    set.add([7n, 8n]);
    expect(() => set.apply({ gone: [], kept: [], came: [[7n, 3n]] })).toThrow(twoParents);
  });

  test("drops one tree and keeps the others", () => {
    const set = new NodeSet();
    set.add([1n, 2n, 3n]);
    set.add([7n, 8n]);
    set.removeTree(1n);
    expect(shape(set)).toEqual(["7<-", "8<7*"]);
  });
});
