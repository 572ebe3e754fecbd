import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { ContentDigest } from "../engines/content-digest.ts";
import type { ApplyRequest } from "../rpc/messages.ts";
import { directoryOf } from "../testing/filled-directory.ts";
import { entryOf, openSessionPlace, wholeFile, type SessionPlace } from "../testing/session-place.ts";
import { startBatch, type Batch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { beginContent, endContent, takeContent } from "./incoming.ts";
import { applyChanges } from "./serve.ts";
import { recover } from "./session.ts";

// What a batch that is cut off has done, and what the next one is not told of by what has changed at the source.

const id = (name: string) => Buffer.from(name);
const inDir = (parent: string, name: string, object: number | undefined) => ({ ...entryOf(name, object), parent: id(parent) }); // prettier-ignore
const at = (parent: string, name: string) => ({ parent: id(parent), name: id(name) });

function apply(batch: Batch, request: ApplyRequest): ReturnType<typeof applyChanges> {
  const reply = applyChanges(batch, request);
  expect(reply.failures).toEqual([]);
  return reply;
}

function applyAndFinish({ session }: SessionPlace, request: ApplyRequest): ReturnType<typeof applyChanges> {
  const batch = startBatch(session);
  const reply = apply(batch, request);
  expect(finishBatch(batch)).toEqual([]);
  return reply;
}

/** A destination with `outer/inner/f`. */
async function treePlace(): Promise<SessionPlace> {
  const place = await openSessionPlace();
  const objects = [directoryOf("outer", "changed"), directoryOf("inner", "changed"), wholeFile("f", "precious")];
  applyAndFinish(place, {
    objects,
    entries: [entryOf("outer", 0), inDir("outer", "inner", 1), inDir("inner", "f", 2)],
  });
  return place;
}

async function cutOff(place: SessionPlace, by: string): Promise<void> {
  if (by === "a kill") await place.reopen();
  else {
    place.session.map.rollback();
    recover(place.session);
  }
}

const ways = ["a kill", "a batch that is taken back"];
const pathOf = ({ root }: SessionPlace, ...path: string[]) => join(root, ...path);

const innerGone = { objects: [], entries: [inDir("outer", "inner", undefined)] };

test.each(ways)("what was held is where it was, and its name is asked for (%s)", async (by) => {
  using place = await treePlace();
  apply(startBatch(place.session), innerGone);
  await cutOff(place, by);
  expect(readFileSync(pathOf(place, "outer/inner/f"), "utf8")).toBe("precious");
  expect(place.held()).toEqual([]);
  expect(place.session.suspect).toEqual({ directories: [], names: [at("outer", "inner")] });
  applyAndFinish(place, { objects: [wholeFile("other", "1")], entries: [entryOf("other", 0)] });
  expect(readFileSync(pathOf(place, "outer/inner/f"), "utf8")).toBe("precious");
});

test.each(ways)("what was held, and cannot go back, stays until its name is told of again (%s)", async (by) => {
  using place = await treePlace();
  const cut = startBatch(place.session);
  apply(cut, innerGone);
  apply(cut, { objects: [wholeFile("file", "1")], entries: [inDir("outer", "inner", 0)] });
  await cutOff(place, by);
  expect(place.session.suspect?.names).toEqual([at("outer", "inner")]);
  applyAndFinish(place, { objects: [wholeFile("other", "1")], entries: [entryOf("other", 0)] });
  expect(place.held()).toHaveLength(1);
  applyAndFinish(place, { objects: [directoryOf("inner", "changed")], entries: [inDir("outer", "inner", 0)] });
  expect(readFileSync(pathOf(place, "outer/inner/f"), "utf8")).toBe("precious");
  expect(place.held()).toEqual([]);
});

test.each(ways)("names of a file that were taken away come back (%s)", async (by) => {
  using place = await openSessionPlace();
  const file = wholeFile("f", "1", { nlink: 2 });
  applyAndFinish(place, { objects: [file], entries: [entryOf("a", 0), entryOf("b", 0)] });
  apply(startBatch(place.session), { objects: [], entries: [entryOf("a", undefined), entryOf("b", undefined)] });
  expect(readdirSync(place.root)).toEqual([".belay-georep"]);
  await cutOff(place, by);
  expect(statSync(pathOf(place, "a")).ino).toBe(statSync(pathOf(place, "b")).ino);
  expect([statSync(pathOf(place, "a")).nlink, place.held()]).toEqual([2, []]);
});

test.each(ways)("what was held goes when its name is told to be gone (%s)", async (by) => {
  using place = await treePlace();
  apply(startBatch(place.session), innerGone);
  await cutOff(place, by);
  expect(applyAndFinish(place, innerGone).detached).toEqual([id("inner")]);
  expect([readdirSync(pathOf(place, "outer")), place.held()]).toEqual([[], []]);
  expect(place.session.map.get(id("f"))).toBeUndefined();
});

test("a directory that was being removed is not taken for what it was", async () => {
  using place = await treePlace();
  apply(startBatch(place.session), { objects: [], entries: [inDir("outer", "inner", undefined)] });
  const held = pathOf(place, ".belay-georep/test/held");
  const name = id("inner").toString("hex");
  // As the end of the batch does it, until it is killed.
  renameSync(join(held, name), join(held, `gone-${name}-0`));
  await place.reopen();
  expect(place.session.suspect?.names).toEqual([at("outer", "inner")]);
  const reply = applyAndFinish(place, { objects: [directoryOf("inner", "changed")], entries: [entryOf("moved", 0)] });
  expect(reply.made).toEqual([id("inner")]);
  expect([readdirSync(pathOf(place, "moved")), place.held()]).toEqual([[], []]);
});

test.each(ways)("a directory that became another one here is to be compared (%s)", async (by) => {
  using place = await openSessionPlace();
  const [one, two] = [directoryOf("one", "changed"), directoryOf("two", "changed")];
  const objects = [one, wholeFile("f", "precious")];
  applyAndFinish(place, { objects, entries: [entryOf("a", 0), inDir("one", "f", 1)] });
  // A batch that was cut off has moved it, and made another where it is to be now.
  renameSync(pathOf(place, "a"), pathOf(place, "b"));
  mkdirSync(pathOf(place, "c"));
  const batch = startBatch(place.session);
  apply(batch, { objects: [one], entries: [entryOf("a", undefined), entryOf("c", 0)] });
  apply(batch, { objects: [two], entries: [entryOf("b", 0)] }); // the other way round
  apply(batch, { objects: [wholeFile("g", "1")], entries: [inDir("two", "f", 0)] });
  await cutOff(place, by);
  expect(place.session.suspect?.directories).toEqual([id("one")]);
});

const content = { size: 4, mtime: 5n, ctime: 6n };

test.each(ways)(
  "a file that was written to in place has no content, and its names are to be told of (%s)",
  async (by) => {
    using place = await openSessionPlace();
    applyAndFinish(place, { objects: [wholeFile("f", "old")], entries: [entryOf("a", 0)] });
    linkSync(pathOf(place, "a"), pathOf(place, "b"));
    applyAndFinish(place, {
      objects: [wholeFile("f", "old", { nlink: 2 })],
      entries: [entryOf("a", 0), entryOf("b", 0)],
    });
    const told = { ...wholeFile("f", "", { ...content, nlink: 2, content: "changed" }), inline: undefined };
    const batch = startBatch(place.session);
    expect(apply(batch, { objects: [told], entries: [entryOf("a", 0)] }).wants).toHaveLength(1);
    beginContent(batch, id("f"), false);
    expect(statSync(pathOf(place, "b")).size).toBe(0);
    await cutOff(place, by);
    expect(place.session.suspect?.names).toEqual([at("root", "a"), at("root", "b")]);
    // Now it is told of by its other name only, and is as it was.
    const again = startBatch(place.session);
    const old = { ...wholeFile("f", "old", { nlink: 2, content: "compare" }), inline: undefined };
    expect(apply(again, { objects: [old], entries: [entryOf("b", 0)] }).wants).toHaveLength(1);
    beginContent(again, id("f"), false);
    takeContent(again, id("f"), 0, id("old"));
    const digest = new ContentDigest();
    digest.update(0, id("old"));
    endContent(again, id("f"), 3, digest.digest());
    expect(finishBatch(again)).toEqual([]);
    expect(readFileSync(pathOf(place, "a"), "utf8")).toBe("old");
    await place.reopen();
    expect(place.session.suspect).toEqual({ directories: [], names: [] });
  },
);

test("what nobody has told of stays suspect from one start to the next", async () => {
  using place = await treePlace();
  place.session.suspects.note(id("outer"));
  await place.reopen();
  expect(place.session.suspect).toEqual({ directories: [id("outer")], names: [] });
  place.session.suspects.note(id("inner"));
  await place.reopen();
  expect(place.session.suspect).toEqual({ directories: [id("outer"), id("inner")], names: [] });
});
