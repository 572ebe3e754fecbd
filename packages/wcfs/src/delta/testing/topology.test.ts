import { describe, expect, test } from "vitest";
import { TOPOLOGIES } from "./topologies.ts";
import { entriesOf, formatTopology, parseTopology } from "./topology.ts";

describe("the text of a tree", () => {
  test("tells levels, nodes, separators and entries", () => {
    expect(parseTopology("T2/T-B2:b/B1:a")).toEqual({
      kind: "tree",
      separators: [2],
      children: [
        { kind: "tree", separators: [], children: [{ kind: "bucket", entries: [[1, "a"]] }] },
        { kind: "bucket", entries: [[2, "b"]] },
      ],
    });
  });

  test("is the same after parsing and formatting", () => {
    for (const text of TOPOLOGIES) expect(formatTopology(parseTopology(text))).toBe(text);
  });

  test("is refused when its levels do not fit", () => {
    expect(() => parseTopology("T2/B1:a")).toThrow("T2 lacks children");
    expect(() => parseTopology("T/B1:a-B2:b")).toThrow("1 nodes have no parent");
    expect(() => parseTopology("B1:a")).toThrow("the root has to be one tree");
    expect(() => parseTopology("T/X")).toThrow("neither a tree nor a bucket");
  });

  test("lists the entries of all buckets", () => {
    expect(entriesOf(parseTopology("T2/T-B2:b/B1:a"))).toEqual([
      [1, "a"],
      [2, "b"],
    ]);
  });
});
