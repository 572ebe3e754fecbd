import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test, vi } from "vitest";

import { entryOf, openSessionPlace, wholeFile } from "../testing/session-place.ts";
import { fileChange } from "../testing/file-change.ts";
import { ContentDigest } from "../engines/content-digest.ts";
import { S_IFDIR } from "../tree/object-state.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { beginContent, endContent, takeContent } from "./incoming.ts";
import type { MappedObject } from "./map-rows.ts";
import { ObjectMap } from "./object-map.ts";
import { applyChanges } from "./serve.ts";
import { recover, suspectNothing } from "./session.ts";

const moreThanTheSlack = 1500;
const withoutPrefix = (name: string): string => name.replace(/^\d+-\d+-/, "");

test("what a batch that was cut off has moved is ours wherever it is, until all is told anew", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const at = (name: string) => join(root, name);
  const conflicts = () => readdirSync(at(".belay-georep/test/conflicts")).map(withoutPrefix);
  const directory = wholeFile("d", "", { mode: S_IFDIR | 0o755, inline: undefined });
  const within = { ...entryOf("f", 1), parent: directory.id };
  const first = startBatch(session);
  expect(applyChanges(first, { objects: [directory, wholeFile("f", "1")], entries: [entryOf("d", 0), within] }).failures).toEqual([]); // prettier-ignore
  expect(finishBatch(first)).toEqual([]);
  await sleep(moreThanTheSlack);
  expect(finishBatch(startBatch(session))).toEqual([]); // all that is there is older than what may be unsure

  // As a batch leaves it that moved the directory and was taken back; somebody has put something into it before.
  writeFileSync(at("theirs"), "theirs");
  await sleep(moreThanTheSlack);
  expect(finishBatch(startBatch(session))).toEqual([]);
  startBatch(session);
  renameSync(at("d"), at("moved"));
  renameSync(at("theirs"), at("moved/theirs"));
  session.map.rollback();
  recover(session);

  // By now the source has it under its old name again.
  const again = startBatch(session);
  const told = { objects: [directory, wholeFile("f", "1")], entries: [entryOf("d", 0), within] };
  expect(applyChanges(again, told).failures).toEqual([]);
  expect(finishBatch(again)).toEqual([]);
  const gone = startBatch(session);
  expect(applyChanges(gone, { objects: [], entries: [entryOf("moved", undefined)] }).failures).toEqual([]);
  expect(finishBatch(gone)).toEqual([]);
  expect(readdirSync(root).sort()).toEqual([".belay-georep", "d"]);
  expect(readFileSync(at("d/f"), "utf8")).toBe("1");
  expect(conflicts()).toEqual(["theirs"]);

  suspectNothing(session);
  renameSync(at("d"), at("somewhere"));
  const anew = startBatch(session);
  expect(applyChanges(anew, told).failures).toEqual([]);
  expect(finishBatch(anew)).toEqual([]);
  const moved = startBatch(session);
  expect(applyChanges(moved, { objects: [], entries: [entryOf("somewhere", undefined)] }).failures).toEqual([]);
  expect(finishBatch(moved)).toEqual([]);
  expect(conflicts()).toEqual(["theirs", "somewhere"]);
});

test("what somebody has put at the name of a file, and the source gives up before its content has come, is kept", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const at = (name: string) => join(root, name);
  mkdirSync(at("elsewhere"));
  writeFileSync(at("f"), "theirs");
  const large = fileChange("f", { size: 1_000_000 });
  for (const isOver of [false, true]) {
    if (isOver) recover(session); // nothing of it is made by a batch that was cut off
    const batch = startBatch(session);
    if (isOver) renameSync(at(`.belay-georep/test/conflicts/${readdirSync(at(".belay-georep/test/conflicts"))[0] ?? ""}`), at("f")); // prettier-ignore
    expect(applyChanges(batch, { objects: [large], entries: [entryOf("f", 0)] }).wants).toHaveLength(1);
    expect(applyChanges(batch, { objects: [], entries: [entryOf("f", undefined)] }).failures).toEqual([]);
    expect(finishBatch(batch)).toEqual([]);
    expect(readdirSync(root).sort()).toEqual([".belay-georep", "elsewhere"]);
    const [kept = ""] = readdirSync(at(".belay-georep/test/conflicts"));
    expect(readFileSync(at(`.belay-georep/test/conflicts/${kept}`), "utf8")).toBe("theirs");
    await sleep(moreThanTheSlack);
    expect(finishBatch(startBatch(session))).toEqual([]);
  }
});

test("what was set aside as somebody else's, and its owner has put back, is kept again while batches that were cut off are suspected", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const at = (name: string) => join(root, name);
  const conflicts = () => readdirSync(at(".belay-georep/test/conflicts"));
  writeFileSync(at("f"), "theirs");
  await sleep(moreThanTheSlack);
  expect(finishBatch(startBatch(session))).toEqual([]);
  startBatch(session);
  session.map.rollback();
  recover(session);

  const taking = startBatch(session);
  const told = { objects: [wholeFile("f", "of the source")], entries: [entryOf("f", 0)] };
  expect(applyChanges(taking, told).failures).toEqual([]);
  expect(finishBatch(taking)).toEqual([]);
  const [kept = ""] = conflicts();
  renameSync(at(`.belay-georep/test/conflicts/${kept}`), at("g"));

  const again = startBatch(session);
  const directory = wholeFile("g", "", { mode: S_IFDIR | 0o755, inline: undefined });
  expect(applyChanges(again, { objects: [directory], entries: [entryOf("g", 0)] }).failures).toEqual([]);
  expect(finishBatch(again)).toEqual([]);
  expect(conflicts().map(withoutPrefix)).toEqual(["g"]);
});

test("a file of two names that takes over somebody's gets its content, though one of the names is given up before that comes", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const at = (name: string) => join(root, name);
  writeFileSync(at("a"), "theirs");
  linkSync(at("a"), at("b"));
  const batch = startBatch(session);
  const bytes = Buffer.from("of the source");
  const file = fileChange("f", { size: bytes.length, nlink: 2 });
  expect(applyChanges(batch, { objects: [file], entries: [entryOf("a", 0), entryOf("b", 0)] }).wants).toHaveLength(1);
  expect(applyChanges(batch, { objects: [], entries: [entryOf("a", undefined)] }).failures).toEqual([]);
  const digest = new ContentDigest();
  digest.update(0, bytes);
  beginContent(batch, file.id, false);
  takeContent(batch, file.id, 0, bytes);
  endContent(batch, file.id, bytes.length, digest.digest());
  expect(finishBatch(batch)).toEqual([]);
  expect(readdirSync(root).sort()).toEqual([".belay-georep", "b"]);
  expect(readFileSync(at("b"), "utf8")).toBe("of the source");
  for (const kept of readdirSync(at(".belay-georep/test/conflicts")))
    expect(readFileSync(at(`.belay-georep/test/conflicts/${kept}`), "utf8")).toBe("theirs");
  expect(readdirSync(at(".belay-georep/test/conflicts"))).not.toEqual([]);
});

test("a receiving end that cannot note that all is told goes on suspecting", async () => {
  using place = await openSessionPlace();
  const { session } = place;
  const { map } = session;
  const first = startBatch(session);
  const told = { objects: [wholeFile("f", "1")], entries: [entryOf("f", 0)] };
  expect(applyChanges(first, told).failures).toEqual([]);
  expect(finishBatch(first)).toEqual([]);
  startBatch(session);
  map.rollback();
  recover(session);
  const full = vi.spyOn(map, "commit").mockImplementation(() => {
    throw new Error("database or disk is full");
  });
  expect(() => suspectNothing(session)).toThrow("full");
  full.mockRestore();
  expect([map.isBegun, session.unsure?.length]).toEqual([false, 1]);
  const here = map.get(Buffer.from("f"))?.here ?? Buffer.alloc(0);
  map.removeObject(Buffer.from("f"));
  expect(map.wasOurs(here, undefined)).toBe(true);
});

test("of what is made anew again and again while the source is never at rest, only what stood there first is remembered", () => {
  using map = new ObjectMap(":memory:");
  const object = (id: string, here: string): MappedObject => ({
    ...{ id: Buffer.from(id), here: Buffer.from(here.padEnd(16)), mode: 0o100644, size: 1 },
    ...{ mtime: 1n, ctime: 1n, hereCtime: 1n },
  });
  const wasOurs = (...all: string[]) => all.map((here) => map.wasOurs(Buffer.from(here.padEnd(16)), undefined));
  map.put(object("old", "1"));
  map.put(object("gone", "g"));
  map.keepFormer();
  for (const here of ["2", "3"]) map.put(object("old", here));
  map.removeObject(Buffer.from("gone"));
  for (const here of ["n1", "n2"]) map.put(object("new", here));
  map.removeObject(Buffer.from("new"));
  map.removeObject(Buffer.from("old"));
  expect(wasOurs("1", "2", "3", "g", "n1", "n2")).toEqual([true, false, false, true, false, false]);
  map.put(object("another", "a1"));
  map.keepFormer(); // another batch was cut off
  map.put(object("another", "a2"));
  expect(wasOurs("1", "g", "a1", "a2")).toEqual([true, true, true, false]);
  map.forgetFormer();
  map.put(object("another", "a3"));
  expect(wasOurs("1", "g", "a1", "a2")).toEqual([false, false, false, false]);
});
