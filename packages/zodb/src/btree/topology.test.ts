import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { havePython, pythonJson } from "../testing/python.ts";
import { BTree } from "./btree.ts";
import { checkBTree } from "./check.ts";
import { IO, LL, LO, OO } from "./flavour.ts";
import type { Flavour } from "./flavour.ts";
import { random, SHAPE_PY, shapeOf } from "./testing.ts";

/** Runs of keys to set or to delete; after each the trees of both sides must be the same. */
interface Batch {
  readonly delete: boolean;
  readonly keys: readonly number[];
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function randomBatches(seed: number, space: number, batches: number, size: number): Batch[] {
  const next = random(seed);
  return upTo(batches).map((i) => ({ delete: i % 5 >= 3, keys: upTo(size).map(() => next(space) - (space >> 2)) }));
}

/** Fills a tree, empties most of it from both ends and the middle, fills the gaps, removes everything. */
function sweepingBatches(count: number, seed: number): Batch[] {
  const next = random(seed);
  const all = upTo(count);
  return [
    { delete: false, keys: all },
    { delete: true, keys: all.filter((key) => key < count / 4 || (key > count / 2 && next(4) > 0)) },
    { delete: false, keys: all.map(() => next(count)) },
    { delete: true, keys: all.slice(count >> 1).reverse() },
    { delete: true, keys: all },
  ];
}

const ORACLE = `${SHAPE_PY}
task = json.load(sys.stdin)
cls = getattr(sys.modules["BTrees.%sBTree" % task["name"]], task["name"] + "BTree")
if task["small"]:
    cls = type("Small", (cls,), {"max_leaf_size": task["small"], "max_internal_size": task["small"]})
text = task["name"] == "OO"
tree, out = cls(), []
for batch in task["batches"]:
    for k in batch["keys"]:
        key = "k%d" % k if text else k
        if not batch["delete"]: tree[key] = k * 2
        elif key in tree: del tree[key]
    tree._check()
    if not task["small"]: check(tree) # knows the classes of the package only
    out.append(hashlib.sha1(json.dumps(shape(tree), separators=(",", ":")).encode()).hexdigest())
print(json.dumps(out))`;

function apply<K>(tree: BTree<K>, batch: Batch, keyOf: (n: number) => K): void {
  for (const key of batch.keys) {
    if (batch.delete) tree.delete(keyOf(key));
    else tree.set(keyOf(key), key * 2);
  }
}

function expectSameShape<K>(
  flavour: Flavour<K>,
  keyOf: (n: number) => K,
  batches: readonly Batch[],
  small?: number,
): void {
  const kind = small === undefined ? flavour : { ...flavour, maxLeaf: small, maxInternal: small };
  const task = { name: flavour.name, batches, small: small ?? 0 };
  const expected = pythonJson(ORACLE, { input: JSON.stringify(task) }) as string[];
  const tree = new BTree(kind);
  for (const [i, batch] of batches.entries()) {
    apply(tree, batch, keyOf);
    expect(checkBTree(tree)).toEqual([]);
    const shape = createHash("sha1")
      .update(JSON.stringify(shapeOf(tree)))
      .digest("hex");
    expect(shape, `after batch ${i}`).toBe(expected[i]);
  }
}

const RANDOM = randomBatches(1, 9000, 25, 1000);

test.runIf(havePython)("LO trees have the shape that Python gives them", () => {
  expectSameShape(LO, BigInt, RANDOM);
  expectSameShape(LO, BigInt, sweepingBatches(40_000, 2));
});

test.runIf(havePython)("IO trees have the shape that Python gives them", () => {
  expectSameShape(IO, (n) => n, RANDOM);
});

test.runIf(havePython)("OO trees have the shape that Python gives them", () => {
  expectSameShape(OO, (n) => `k${n}`, RANDOM);
  expectSameShape(OO, (n) => `k${n}`, sweepingBatches(12_000, 3));
});

test.runIf(havePython)("LL trees have the shape that Python gives them", () => {
  expectSameShape(LL, BigInt, randomBatches(4, 40_000, 25, 2000));
});

test.runIf(havePython)("deep trees of small nodes have the shape that Python gives them", () => {
  for (const small of [4, 5, 7]) {
    expectSameShape(LO, BigInt, randomBatches(small, 400, 60, 100), small);
    expectSameShape(IO, (n) => n, sweepingBatches(3000, small), small);
  }
});
