import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import type { ObjectChange } from "../rpc/messages.ts";
import { entryOf, openSessionPlace, wholeFile } from "../testing/session-place.ts";
import { S_IFDIR } from "../tree/object-state.ts";
import { isAsLeft } from "./digest-names.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { applyChanges } from "./serve.ts";

const isRoot = process.geteuid?.() === 0;

const directory = (id: string, more: Partial<ObjectChange> = {}): ObjectChange =>
  wholeFile(id, "", { mode: S_IFDIR | 0o2751, inline: undefined, content: "compare", ...more });
const within = (parent: ObjectChange, name: string, object: number) => ({
  ...entryOf(name, object),
  parent: parent.id,
});

test.runIf(isRoot)(
  "new directories get owner, mode and time in the end, nested ones too, and are as they were left",
  async () => {
    using place = await openSessionPlace();
    const { root, session } = place;
    const [outer, inner] = [directory("outer", { uid: 3, gid: 4 }), directory("inner", { mode: S_IFDIR | 0o1500 })];
    const request = {
      objects: [inner, outer, wholeFile("f", "1"), wholeFile("g", "2")],
      entries: [entryOf("outer", 1), within(outer, "inner", 0), within(inner, "f", 2), within(outer, "g", 3)],
    };
    const batch = startBatch(session);
    const { failures, made } = applyChanges(batch, request);
    expect([failures, made]).toEqual([[], [outer.id, inner.id]]);
    expect([...batch.bare]).toHaveLength(2);
    expect(readdirSync(root)).toEqual([".belay-georep"]); // nobody sees one that is filled half
    expect(finishBatch(batch)).toEqual([]);
    expect(place.held()).toEqual([]);
    for (const [path, change] of [
      ["outer", outer],
      ["outer/inner", inner],
    ] as const) {
      const stat = statSync(join(root, path), { bigint: true });
      expect([Number(stat.mode), Number(stat.uid), Number(stat.gid), stat.mtimeNs]).toEqual([
        change.mode,
        change.uid,
        change.gid,
        change.mtime,
      ]);
      const known = session.map.get(change.id);
      expect(known && isAsLeft(known, { ctime: stat.ctimeNs, ino: stat.ino })).toBe(true);
      expect(known?.ctime).toBe(change.ctime);
    }
    expect(readFileSync(join(root, "outer/inner/f"), "utf8")).toBe("1");
  },
);

test.runIf(isRoot)("what somebody puts meanwhile where a new directory is to be is set aside", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = startBatch(session);
  expect(applyChanges(batch, { objects: [directory("d")], entries: [entryOf("d", 0)] }).failures).toEqual([]);
  mkdirSync(join(root, "d"));
  writeFileSync(join(root, "d/theirs"), "");
  expect(finishBatch(batch)).toEqual([]);
  expect(readdirSync(join(root, "d"))).toEqual([]);
  expect(statSync(join(root, "d")).mode & 0o7777).toBe(0o2751);
  expect(readdirSync(join(root, ".belay-georep/test/conflicts"))).toHaveLength(1);
});

test.runIf(isRoot)(
  "a directory that what is known comes into, or whose name is told anew, is shown at once and has its time in the end",
  async () => {
    using place = await openSessionPlace();
    const { root, session } = place;
    const first = startBatch(session);
    expect(applyChanges(first, { objects: [wholeFile("f", "1")], entries: [entryOf("f", 0)] }).failures).toEqual([]);
    expect(finishBatch(first)).toEqual([]);
    const batch = startBatch(session);
    const [d, e] = [directory("d"), directory("e")];
    expect(applyChanges(batch, { objects: [d, e], entries: [entryOf("d", 0), entryOf("e", 1)] }).failures).toEqual([]);
    const moved = { objects: [wholeFile("f", "1"), d], entries: [within(d, "f", 0), entryOf("f", undefined)] };
    expect(applyChanges(batch, moved).failures).toEqual([]);
    expect(
      applyChanges(batch, { objects: [e], entries: [entryOf("e2", 0), entryOf("e", undefined)] }).failures,
    ).toEqual([]);
    expect(finishBatch(batch)).toEqual([]);
    expect(readdirSync(root).sort()).toEqual([".belay-georep", "d", "e2"]);
    for (const [path, { mtime }] of [
      ["d", d],
      ["e2", e],
    ] as const)
      expect(statSync(join(root, path), { bigint: true }).mtimeNs).toBe(mtime);
    expect(readdirSync(join(root, "d"))).toEqual(["f"]);
  },
);
