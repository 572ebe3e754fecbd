import { chmodSync, linkSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import type { ObjectChange } from "../rpc/messages.ts";
import { entryOf, openSessionPlace, rootId, wholeFile, type SessionPlace } from "../testing/session-place.ts";
import { startBatch, type Batch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { applyChanges } from "./serve.ts";

const changed = (id: string, text: string, more: Partial<ObjectChange> = {}) =>
  wholeFile(id, text, {
    content: "changed",
    mtime: 1_800_000_000_000_000_001n,
    ctime: 1_800_000_000_000_000_002n,
    ...more,
  });

function apply(batch: Batch, objects: readonly ObjectChange[], names = objects.map(({ id }) => id.toString())): void {
  const entries = names.map((name, index) => entryOf(name, index));
  expect(applyChanges(batch, { objects, entries }).failures).toEqual([]);
}

/** A place with files that another batch has made. */
async function placeWith(...names: string[]): Promise<SessionPlace> {
  const place = await openSessionPlace();
  const batch = startBatch(place.session);
  apply(
    batch,
    names.map((name) => wholeFile(name, "old")),
  );
  expect(finishBatch(batch)).toEqual([]);
  return place;
}

test("a file that changed is another one, with all it has to have, and nothing is left to be done for it", async () => {
  using place = await placeWith("a", "b");
  const { root, session } = place;
  const before = statSync(join(root, "a")).ino;
  const batch = startBatch(session);
  apply(batch, [changed("a", "new content", { mode: 0o100640 }), changed("b", "")]);
  expect([batch.changes.size, batch.complete.size]).toEqual([0, 0]);
  expect(finishBatch(batch)).toEqual([]);
  const stat = statSync(join(root, "a"), { bigint: true });
  expect(stat).toMatchObject({ mode: 0o100640n, mtimeNs: 1_800_000_000_000_000_001n });
  expect(Number(stat.ino)).not.toBe(before);
  expect(["a", "b"].map((name) => readFileSync(join(root, name), "utf8"))).toEqual(["new content", ""]);
  expect(session.map.get(Buffer.from("a"))).toMatchObject({ size: 11, hereCtime: stat.ctimeNs, mtime: stat.mtimeNs });
  expect(session.map.namesOf(Buffer.from("a"))).toEqual([{ parent: rootId, name: Buffer.from("a") }]);
  expect(place.held()).toEqual([]);
});

test("what was said of it before in the same batch counts no more, what is said later does", async () => {
  using place = await placeWith("a");
  const { root, session } = place;
  const batch = startBatch(session);
  apply(batch, [changed("a", "", { content: "keep", size: 3, mode: 0o100600, mtime: 7n })]);
  apply(batch, [changed("a", "first")]);
  apply(batch, [changed("a", "second", { mode: 0o100604 })]);
  apply(batch, [wholeFile("a", "", { content: "keep", size: 6, inline: undefined, mode: 0o100600, mtime: 9n })]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readFileSync(join(root, "a"), "utf8")).toBe("second");
  expect(statSync(join(root, "a"), { bigint: true })).toMatchObject({ mode: 0o100600n, mtimeNs: 9n });
});

test("two files that changed names and contents have each its own", async () => {
  using place = await placeWith("a", "b", "c");
  const batch = startBatch(place.session);
  apply(batch, [changed("a", "1"), changed("b", "2"), changed("c", "3")], ["b", "a", "d"]);
  const gone = applyChanges(batch, { objects: [], entries: [entryOf("c", undefined)] });
  expect(gone.failures).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
  const names = readdirSync(place.root).filter((name) => !name.startsWith("."));
  expect(names.map((name) => [name, readFileSync(join(place.root, name), "utf8")])).toEqual([
    ["a", "2"],
    ["b", "1"],
    ["d", "3"],
  ]);
});

test("all names of a file keep standing for it", async () => {
  using place = await placeWith("a");
  const { root, session } = place;
  const linked = startBatch(session);
  applyChanges(linked, {
    objects: [wholeFile("a", "old", { nlink: 2, content: "keep", inline: undefined })],
    entries: [entryOf("b", 0)],
  });
  expect(finishBatch(linked)).toEqual([]);
  linkSync(join(root, "a"), join(root, "somebody's"));
  const batch = startBatch(session);
  apply(batch, [changed("a", "new", { nlink: 1 })]); // its other name was lost since, which is told later
  expect(finishBatch(batch)).toEqual([]);
  expect(["a", "b", "somebody's"].map((name) => readFileSync(join(root, name), "utf8"))).toEqual(["new", "new", "new"]);
});

test("what somebody has put in its place is kept aside", async () => {
  using place = await placeWith("a");
  const { root, session } = place;
  writeFileSync(join(root, "other"), "not ours");
  renameSync(join(root, "other"), join(root, "a"));
  const batch = startBatch(session);
  apply(batch, [changed("a", "new")]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readFileSync(join(root, "a"), "utf8")).toBe("new");
  const conflicts = join(root, ".belay-georep", "test", "conflicts");
  expect(readdirSync(conflicts).map((name) => readFileSync(join(conflicts, name), "utf8"))).toEqual(["not ours"]);
});

test("a mode that somebody has changed is put right along with the content", async () => {
  using place = await placeWith("a");
  chmodSync(join(place.root, "a"), 0o777);
  const batch = startBatch(place.session);
  apply(batch, [changed("a", "new")]);
  expect(finishBatch(batch)).toEqual([]);
  expect(statSync(join(place.root, "a")).mode).toBe(changed("a", "").mode);
});
