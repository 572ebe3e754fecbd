import type { Oid } from "@belay/zodb";
import { describe, expect, test } from "vitest";
import { FileOracle } from "../testing/file-oracle.ts";
import { ObjectStore } from "../testing/object-store.ts";
import type { ObjectState } from "../testing/object-store.ts";
import { byPlace, TreePlacer, zblkOid } from "../testing/placement.ts";
import { TOPOLOGIES } from "../testing/topologies.ts";
import { parseTopology } from "../testing/topology.ts";
import { diffFile } from "./diff-file.ts";

const FILE = 1n;
const TABLE = 0x10000n;

function states(placer: TreePlacer, text: string, data: string): Map<Oid, ObjectState | undefined> {
  const placed = placer.place(parseTopology(text), { likeness: byPlace, embed: () => true });
  return new Map<Oid, ObjectState | undefined>([
    ...placed,
    ...Array.from(data, (name) => [zblkOid(name), { kind: "data" }] as const),
  ]);
}

describe("the difference of a file between two moments", () => {
  test("is what the commits in between changed, in both directions", () => {
    const store = new ObjectStore();
    const placer = new TreePlacer(TABLE);
    store.commit(1n, [[FILE, { kind: "file", blksize: 64, blktab: TABLE }]]);
    store.commit(2n, states(placer, "T/B:", "abcdefghi"));
    TOPOLOGIES.forEach((text, i) => store.commit(BigInt(i + 3), states(placer, text, i % 2 === 0 ? "ad" : "")));
    const oracle = new FileOracle(store, FILE);
    TOPOLOGIES.forEach((_, i) => {
      const [from, to] = [BigInt(i + 2), BigInt(i + 3)];
      const { blocks, relinked } = oracle.changeAt(to) ?? { blocks: undefined, relinked: new Set() };
      expect(diffFile(store, FILE, from, to)).toEqual({ blocks, sizeChanged: relinked.size > 0, epoch: undefined });
      const written = new Set(store.commits.find(({ tid }) => tid === to)?.oids);
      expect(diffFile(store, FILE, to, from, (oid) => written.has(oid)).blocks).toEqual(blocks);
    });
  });

  test("is an epoch when the two states cannot be compared", () => {
    const store = new ObjectStore();
    store.commit(2n, [[FILE, { kind: "file", blksize: 64, blktab: TABLE }]]);
    store.commit(3n, [[FILE, { kind: "file", blksize: 128, blktab: TABLE }]]);
    expect(diffFile(store, FILE, 1n, 2n)).toMatchObject({ sizeChanged: true, epoch: { rev: 2n, before: undefined } });
    expect(diffFile(store, FILE, 2n, 3n).epoch).toMatchObject({ rev: 3n, after: { blksize: 128 } });
    expect(diffFile(store, FILE, 0n, 1n)).toEqual({ blocks: new Set(), sizeChanged: false, epoch: undefined });
  });
});
