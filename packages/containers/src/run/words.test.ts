import { expect, test } from "vitest";
import { parseRecord } from "./record.ts";
import { parseWcfsSpec } from "./wcfs.ts";
import { partRunWords } from "./words.ts";

test.for([
  ["image ls -h", "", "image", "ls -h"],
  ["-it --rm -v /a:/b image sh", "-it --rm -v /a:/b", "image", "sh"],
  ["-itv /a:/b --env=A image", "-itv /a:/b --env=A", "image", ""],
  ["-eA=1 --network none --privileged image -v", "-eA=1 --network none --privileged", "image", "-v"],
  ["--keep --wcfs zeo://h:1 -- image --keep", "--keep --wcfs zeo://h:1", "image", "--keep"],
] as const)("the words of %s are parted at the image", ([words, options, image, command]) => {
  expect(partRunWords(words.split(" "), ["--keep"])).toEqual({
    options: options.split(" ").filter(Boolean),
    image,
    command: command.split(" ").filter(Boolean),
  });
});

test("options alone name no image", () => {
  expect(partRunWords(["-d", "--rm"])).toEqual({ options: ["-d", "--rm"], image: undefined, command: [] });
});

test.for([
  ["file:///a/b.fs", "file:///a/b.fs", undefined, "/wcfs"],
  ["file:///a/b.fs@03E8000000000001", "file:///a/b.fs", "03e8000000000001", "/wcfs"],
  [
    "zeo://user@host:9001?wait=1@0000000000000001:/db/view",
    "zeo://user@host:9001?wait=1",
    "0000000000000001",
    "/db/view",
  ],
  ["neo://c@h:1:/db", "neo://c@h:1", undefined, "/db"],
] as const)("%s names database, revision and place", ([text, zurl, tid, target]) => {
  expect(parseWcfsSpec(text)).toEqual({ zurl, tid, target });
});

test("what is no record is refused with its name", () => {
  expect(() => parseRecord("{}", "file")).toThrow("file holds no record of a run");
  expect(() => parseRecord("not json", "file")).toThrow("file holds no record of a run");
});

test.for([
  ["", "is no ZURL"],
  ["nonsense", "is no ZURL"],
  ["/plain/path.fs", "is no ZURL"],
  ["nonsense:/x", "is no ZURL"],
  ["file:///x.fs:/a:b", "holds a colon"],
  ["file:///x.fs:/a@b", "holds a colon or an at-sign"],
  ["file:///x.fs@03e8", "ends with no revision"],
  ["file:///x.fs@03e8000000000001f:/x", "ends with no revision"],
  ["file:///x.fs:/", "the whole container"],
  ["file:///x.fs:/./..", "the whole container"],
] as const)("--wcfs %s is refused before anything is started", ([text, why]) => {
  expect(() => parseWcfsSpec(text)).toThrow(why);
});
