import fc from "fast-check";
import { expect, test } from "vitest";
import { havePython, pythonJson } from "../testing/python.ts";
import { decodePickle } from "./reader.ts";
import { decodeRecord } from "./record.ts";
import { describe, DESCRIBE_PY, values } from "./testing.ts";
import { Global, PersistentRef, PyList } from "./values.ts";
import type { PickleValue } from "./values.ts";
import { encodePickle, encodeRecord } from "./writer.ts";

test("what is written is read back", () => {
  fc.assert(
    fc.property(values(true), (value) => {
      expect(describe(decodePickle(encodePickle(value)))).toEqual(describe(value));
    }),
    { numRuns: 2000 },
  );
});

test.runIf(havePython)("Python loads what is written", () => {
  const samples = fc.sample(values(false), { numRuns: 500, seed: 42 });
  const described = pythonJson(
    `${DESCRIBE_PY}
import pickle
print(json.dumps([describe(pickle.loads(bytes.fromhex(h))) for h in json.load(sys.stdin)]))`,
    { input: JSON.stringify(samples.map((value) => encodePickle(value).toString("hex"))) },
  ) as unknown[];
  for (const [i, value] of samples.entries()) expect(described[i]).toEqual(describe(value));
});

test("the record of a ZBigFile has the bytes that ZODB writes, but for the memo", () => {
  const tree = new Global("BTrees.LOBTree", "LOBTree");
  const record = encodeRecord({ module: "wendelin.bigfile.file_zodb", name: "ZBigFile" }, [
    2097152,
    new PersistentRef(0x47n, tree),
  ]);
  expect(record.toString("latin1")).toBe(
    "\x80\x03cwendelin.bigfile.file_zodb\nZBigFile\nq\x00.\x80\x03J\x00\x00\x20\x00" +
      "C\x08\0\0\0\0\0\0\0\x47cBTrees.LOBTree\nLOBTree\nq\x01\x86Q\x86.",
  );
});

test("a class named twice is written once, over both pickles of a record", () => {
  const bucket = new Global("BTrees.LOBTree", "LOBucket");
  const record = encodeRecord(bucket, [[1, new PersistentRef(5n, bucket)], new PersistentRef(6n, bucket)]);
  expect(record.toString("latin1").split("LOBucket").length).toBe(2);
  const decoded = decodeRecord(record);
  expect(decoded.class).toMatchObject({ module: "BTrees.LOBTree", name: "LOBucket", args: undefined });
  expect(describe(decoded.state)).toEqual([
    "tuple",
    [
      [
        "tuple",
        [
          ["int", "1"],
          ["ref", "strong", "5", "BTrees.LOBTree.LOBucket"],
        ],
      ],
      ["ref", "strong", "6", "BTrees.LOBTree.LOBucket"],
    ],
  ]);
});

test("many classes and long lists use the long forms", () => {
  const value = new PyList(Array.from({ length: 2500 }, (_, i) => new Global("m", `C${i % 300}`)));
  expect(describe(decodePickle(encodePickle(value)))).toEqual(describe(value));
});

test("a value that contains itself is refused", () => {
  const items: PickleValue[] = [];
  const list = new PyList(items);
  items.push(list);
  expect(() => encodePickle(list)).toThrow(expect.objectContaining({ code: "EUNSUPPORTED" }));
});
