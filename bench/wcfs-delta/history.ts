/**
 * How fast the history of files is: 100 000 tracked blocks of one file, in a block table of the shape that ZODB gives it.
 *
 *     node bench/wcfs-delta/history.ts
 */
import type { Invalidation, Oid } from "@belay/zodb";
import { FileHistory, lookupBlock } from "../../packages/wcfs/src/delta/index.ts";
import type { BucketNode, TreeNode } from "../../packages/wcfs/src/delta/index.ts";
import { ObjectStore } from "../../packages/wcfs/src/delta/testing/object-store.ts";
import type { ObjectState } from "../../packages/wcfs/src/delta/testing/object-store.ts";

const BLOCKS = Number(process.env["BELAY_BENCH_BLOCKS"] ?? 100_000);
const BUCKET = 30;
const CHILDREN = 250;
const FILE = 1n;
const TABLE = 0x10n;
const FIRST_BUCKET = 0x10_0000n;
const FIRST_INNER = 0x20_0000n;
const FIRST_ZBLK = 0x100_0000n;
const ELSEWHERE = 0x1000_0000n;

const zblk = (blk: number): Oid => FIRST_ZBLK + BigInt(blk);

function bucketNode(first: number): BucketNode {
  const keys = Array.from({ length: Math.min(BUCKET, BLOCKS - first) }, (_, i) => first + i);
  return { kind: "bucket", keys, values: keys.map(zblk) };
}

function treeNode(children: readonly { oid: Oid; first: number }[]): TreeNode {
  return {
    kind: "tree",
    children: children.map(({ oid }) => oid),
    separators: children.slice(1).map(({ first }) => first),
  };
}

function blockTable(): Map<Oid, ObjectState> {
  const states = new Map<Oid, ObjectState>([[FILE, { kind: "file", blksize: 2 << 20, blktab: TABLE }]]);
  const buckets = Array.from({ length: Math.ceil(BLOCKS / BUCKET) }, (_, i) => ({
    oid: FIRST_BUCKET + BigInt(i),
    first: i * BUCKET,
  }));
  for (const { oid, first } of buckets) states.set(oid, bucketNode(first));
  const inner = Array.from({ length: Math.ceil(buckets.length / CHILDREN) }, (_, i) => {
    const children = buckets.slice(i * CHILDREN, (i + 1) * CHILDREN);
    const node = { oid: FIRST_INNER + BigInt(i), first: children[0]?.first ?? 0 };
    states.set(node.oid, treeNode(children));
    return node;
  });
  return states.set(TABLE, treeNode(inner));
}

function report(what: string, count: number, work: () => void): void {
  const start = process.hrtime.bigint();
  work();
  const us = Number(process.hrtime.bigint() - start) / 1000 / count;
  console.log(
    `${what.padEnd(64)} ${us.toFixed(2).padStart(10)} µs   ${Math.round(1e6 / us)
      .toLocaleString("en")
      .padStart(12)} /s`,
  );
}

function trackAll(history: FileHistory, store: ObjectStore, blocks: Iterable<number>): void {
  const snapshot = store.at(history.head);
  for (const blk of blocks) {
    const { path, leafRange, value } = lookupBlock(snapshot, TABLE, blk);
    history.track(FILE, blk, path, leafRange, value);
  }
}

/** Ten objects: `data` of them ZBlks of the file. */
function commitOf(store: ObjectStore, tid: bigint, data: number): Invalidation {
  const oids = Array.from({ length: 10 }, (_, i) => {
    const n = Number((tid * 7919n + BigInt(i * 104_729)) % BigInt(BLOCKS));
    return i < data ? zblk(n) : ELSEWHERE + tid * 16n + BigInt(i);
  });
  return store.commit(
    tid,
    oids.map((oid) => [oid, { kind: "data" }] as const),
  );
}

/** One bucket in which the links of two blocks change places. */
function relink(store: ObjectStore, tid: bigint): Invalidation {
  const n = Number((tid * 31n) % BigInt(Math.floor(BLOCKS / BUCKET)));
  const { keys, values } = bucketNode(n * BUCKET);
  const turned = [...values.slice(1), ...values.slice(0, 1)];
  return store.commit(tid, [
    [FIRST_BUCKET + BigInt(n), { kind: "bucket", keys, values: Number(tid) % 2 === 0 ? turned : values }],
  ]);
}

const store = new ObjectStore();
store.commit(1n, blockTable());
const history = new FileHistory(store, 1n);
const every = Array.from({ length: BLOCKS }, (_, i) => i);

const heapBefore = heapUsed();
report("look up and track one block (sequential)", BLOCKS, () => trackAll(history, store, every));
console.log(
  `${"heap per tracked block".padEnd(64)} ${((heapUsed() - heapBefore) / BLOCKS).toFixed(0).padStart(10)} bytes`,
);
report("track it again", BLOCKS, () => trackAll(history, store, every));

let tid = 1n;
const events = (count: number, make: (tid: bigint) => Invalidation): Invalidation[] =>
  Array.from({ length: count }, () => make(++tid));
const takeIn = (list: readonly Invalidation[]) => (): void => {
  for (const event of list) history.update(event);
};
const [foreign, data, links] = [
  events(20_000, (at) => commitOf(store, at, 0)),
  events(20_000, (at) => commitOf(store, at, 10)),
  events(2_000, (at) => relink(store, at)),
];
const { loads } = store;
report("commit of 10 objects, none tracked", foreign.length, takeIn(foreign));
report("commit of 10 tracked blocks' data", data.length, takeIn(data));
if (store.loads !== loads) throw new Error("commits without a tracked node must not read anything");
report("commit of one bucket with links changed", links.length, takeIn(links));

report("blkRevAt, random blocks and moments, first query included", 100_000, () => {
  for (let i = 0; i < 100_000; i++) history.blkRevAt(FILE, (i * 7919) % BLOCKS, 1n + ((BigInt(i) * 31n) % (tid - 1n)));
});
const recent = tid - 1000n;
report("pinsAt, 1000 commits back", 20, () => {
  for (let i = 0; i < 20; i++) history.pinsAt(FILE, recent);
});
report("pinsAt, 10000 commits back", 5, () => {
  for (let i = 0; i < 5; i++) history.pinsAt(FILE, tid - 10_000n);
});

const late = new FileHistory(store, 1n);
for (const event of [...foreign, ...data, ...links]) late.update(event);
report("first tracked block and its past, after 42000 commits", 1, () => {
  trackAll(late, store, [500]);
  late.blkRevAt(FILE, 500, 1n);
});
report("100 more blocks one by one, each with its past", 100, () => {
  for (let i = 1; i <= 100; i++) {
    trackAll(late, store, [i * 900]);
    late.blkRevAt(FILE, i * 900, 1n);
  }
});
report("forget one commit", 42_000, () => {
  for (let cut = 2n; cut <= tid; cut++) history.forget(cut);
});

function heapUsed(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}
