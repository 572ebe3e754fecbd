import { expect, test } from "vitest";
import { havePython, pythonJson } from "../testing/python.ts";
import { encodeBTreeNode } from "./encode-node.ts";
import { int32Keys } from "./keys.ts";
import { mergeBuckets } from "./merge.ts";
import type { BucketNode } from "./node.ts";
import { random } from "./testing.ts";

type Entries = readonly (readonly [key: number, value: number])[];

const ORACLE = `
import json, sys
from BTrees.IOBTree import IOBucket
from BTrees.IIBTree import IISet
from BTrees.Interfaces import BTreesConflictError
def merge(cls, states):
    states = [(tuple(s[0]),) for s in states]
    try: return cls()._p_resolveConflict(*states)
    except BTreesConflictError: return None
task = json.load(sys.stdin)
cls = IISet if task["set"] else IOBucket
print(json.dumps([merge(cls, case) for case in task["cases"]]))`;

function bucket(entries: Entries, set: boolean): BucketNode<number> {
  const keys = entries.map(([key]) => key);
  return { kind: "bucket", keys, values: set ? [] : entries.map(([, value]) => value), next: undefined };
}

/** A change of some entries: a few keys go, come, or get another value. */
function changed(entries: Entries, next: (below: number) => number): Entries {
  const map = new Map(entries);
  for (let i = next(4); i > 0; i--) {
    const key = next(14);
    if (next(3) === 0) map.delete(key);
    else map.set(key, next(4));
  }
  return [...map].sort(([a], [b]) => a - b);
}

test.runIf(havePython).each([false, true])("changes are joined, or refused, as Python does (sets: %s)", (set) => {
  const next = random(11);
  const cases = Array.from({ length: 6000 }, () => {
    const old = changed(
      [2, 4, 5, 8, 9].filter(() => next(4) > 0).map((key) => [key, 1] as const),
      next,
    );
    return [old, changed(old, next), changed(old, next)].map((entries) => bucket(entries, set));
  });
  const states = cases.map((buckets) => buckets.map((each) => encodeBTreeNode(each, int32Keys)));
  const expected = pythonJson(ORACLE, { input: JSON.stringify({ set, cases: states }) }) as unknown[];
  const results = cases.map(([old, committed, ours]) => {
    if (old === undefined || committed === undefined || ours === undefined) throw new Error("three buckets each");
    const merged = mergeBuckets(int32Keys, old, committed, ours);
    return merged === undefined ? null : encodeBTreeNode(merged, int32Keys);
  });
  for (const [i, result] of results.entries()) expect(result, JSON.stringify(states[i])).toEqual(expected[i]);
  expect(results.filter((result) => result === null).length).toBeGreaterThan(500);
  expect(results.filter((result) => result !== null).length).toBeGreaterThan(500);
});
