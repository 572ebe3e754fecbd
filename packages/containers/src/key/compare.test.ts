import fc from "fast-check";
import { expect, test } from "vitest";
import { compare } from "./compare.ts";
import type { Wanted } from "./compare.ts";
import { splitArguments } from "./parts.ts";
import { readParts, rebuildKey } from "./rebuild-key.ts";

const wanted = (parts: Readonly<Record<string, string>>, scope: "all" | "shared" = "all"): Wanted => ({
  checksum: "c",
  files: [["a", "sum"]],
  parts: new Map(Object.entries(parts)),
  scope,
});

function built(parts: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const { key, parts: text } = rebuildKey(new Map(Object.entries(parts)));
  return new Map([["com.qemu.dockerfile-checksum", "c"], ["belay.rebuild-key", key], ["belay.rebuild-parts", text]]); // prettier-ignore
}

test("whatever the parts are called, they are read back as they were, and need no quoting", () => {
  const name = fc.string({ unit: "binary", minLength: 1 });
  fc.assert(
    fc.property(fc.dictionary(name, fc.stringMatching(/^[0-9a-f]*$/)), (parts) => {
      const { parts: text } = rebuildKey(new Map(Object.entries(parts)));
      expect(text).toMatch(/^[\w%./:@+=,~-]*$/);
      expect(new Map(Object.entries(parts))).toEqual(readParts(text) ?? new Map());
    }),
    { numRuns: 50 },
  );
});

test("the key does not depend on the order of the parts", () => {
  const parts = [["a", "1"], ["b", "2"]] as const; // prettier-ignore
  expect(rebuildKey(new Map(parts))).toEqual(rebuildKey(new Map([...parts].reverse())));
});

test("what changed, came and went is told", () => {
  const image = built({ dockerfile: "d", "base:x": "1", "arg:A": "1", user: "u" });
  expect(compare(image, wanted({ dockerfile: "d", "base:x": "2", "arg:A": "1", "file:f": "9" }))).toEqual({
    current: false,
    by: "key",
    differences: [
      { part: "base:x", change: "changed", was: "1", is: "2" },
      { part: "file:f", change: "added", was: undefined, is: "9" },
      { part: "user", change: "removed", was: "u", is: undefined },
    ],
  });
});

test("the Python tool's command line compares what both know", () => {
  const image = built({ dockerfile: "d", "base:x": "1", "executable:e": "1" });
  expect(compare(image, wanted({ "executable:e": "1" }, "shared"))).toMatchObject({ current: true });
  expect(compare(image, wanted({ "executable:e": "2" }, "shared"))).toMatchObject({ current: false });
  expect(compare(image, wanted({}, "shared"))).toMatchObject({ current: true });
});

test("an image of the Python tool is judged by its own labels", () => {
  const image = new Map([["com.qemu.dockerfile-checksum", "c"], ["com.qemu.a-checksum", "sum"]]); // prettier-ignore
  expect(compare(image, wanted({ dockerfile: "d", "executable:e": "1" }))).toEqual({ current: true, by: "checksum", differences: [] }); // prettier-ignore
  image.set("com.qemu.a-checksum", "other");
  expect(compare(image, wanted({})).differences).toEqual([
    { part: "file:a", change: "changed", was: "other", is: "sum" },
  ]);
  expect(compare(new Map(), wanted({}))).toEqual({ current: false, by: "none", differences: [] });
});

test("build arguments are told from options that shape the image and those that do not", () => {
  const words = ["--build-arg", "A=1", "--build-arg=B=x=y", "--squash", "--no-cache", "-q", "--target", "t"];
  expect(splitArguments(words)).toEqual({ args: [["A", "1"], ["B", "x=y"]], rest: ["--squash", "--target", "t"] }); // prettier-ignore
});
