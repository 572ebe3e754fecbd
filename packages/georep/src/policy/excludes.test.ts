import { expect, test } from "vitest";
import { excludesNothing, parseExcludes } from "./excludes.ts";

const leavesOut = (patterns: string, path: string | Buffer): boolean => {
  const bytes = Buffer.from(path);
  const isDirectory = bytes.at(-1) === 0x2f;
  return parseExcludes(patterns)(isDirectory ? bytes.subarray(0, -1) : bytes, isDirectory);
};

test.each([
  ["*.tmp", "a.tmp", true],
  ["*.tmp", "d/e/a.tmp", true],
  ["*.tmp", "a.tmp.b", false],
  ["*.tmp", "d.tmp/a", true],
  ["/a", "a", true],
  ["/a", "d/a", false],
  ["d/a", "d/a", true],
  ["d/a", "x/d/a", false],
  ["build/", "build/", true],
  ["build/", "build", false],
  ["build/", "x/build/y/z", true],
  ["**/cache/*.o", "cache/a.o", true],
  ["**/cache/*.o", "x/y/cache/a.o", true],
  ["**/cache/*.o", "x/cache/y/a.o", false],
  ["a/**", "a", false],
  ["a/**", "a/b/c", true],
  ["a/**/z", "a/z", true],
  ["a/**/z", "a/b/c/z", true],
  ["*.o !keep.o", "x/keep.o", false],
  ["*.o !keep.o", "x/drop.o", true],
  ["!keep.o *.o", "keep.o", true],
  ["d/ !d/keep", "d/keep", true],
  ["* !*/ !*.c", "a/b.c", false],
  ["* !*/ !*.c", "a/b.h", true],
  ["?", "ü", true],
  ["?", "ab", false],
  ["[a-c]x", "bx", true],
  ["[!a-c]x", "bx", false],
  ["[]]", "]", true],
  ["a\\ b", "a b", true],
  ["\\!a", "!a", true],
  ["\\*", "a", false],
  ["ümlaut*", "ümlaut1", true],
  ["a.b", "axb", false],
  ["a*", "a\nb", true],
  ["*", "a/b", true],
])("%j leaves out %j: %s", (patterns, path, expected) => {
  expect(leavesOut(patterns, path)).toBe(expected);
});

test("names that are no UTF-8 are matched byte by byte", () => {
  expect(parseExcludes("*.x")(Buffer.from([0xff, 0xfe, 0x2e, 0x78]), false)).toBe(true);
  expect(parseExcludes("?")(Buffer.from([0x80]), false)).toBe(true);
});

test("the root is never left out, and without patterns nothing is", () => {
  expect(parseExcludes("*")(Buffer.alloc(0), true)).toBe(false);
  expect(parseExcludes("  ")).toBe(excludesNothing);
});

test.each(["!", "/", "a//b", "../x", "a/./b", "[a", "x\\", "[ü]", "[z-a]"])("%j is refused", (pattern) => {
  expect(() => parseExcludes(pattern)).toThrow(/not a pattern/);
});
