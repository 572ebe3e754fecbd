import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import type { ObjectChange } from "../rpc/messages.ts";
import { entryOf, openSessionPlace, rootId, wholeFile } from "../testing/session-place.ts";
import { startBatch, type Batch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { applyChanges } from "./serve.ts";
import type { Session } from "./session.ts";

const isRoot = process.geteuid?.() === 0;

/** All under the names of their ids. */
function applyFiles(batch: Batch, objects: readonly ObjectChange[]) {
  return applyChanges(batch, { objects, entries: objects.map(({ id }, index) => entryOf(id.toString(), index)) });
}

// The first file of a batch goes the general way.
function begin(session: Session): Batch {
  const batch = startBatch(session);
  expect(applyFiles(batch, [wholeFile("first", "")]).failures).toEqual([]);
  expect(batch.birth).toBeDefined();
  return batch;
}

test("files are made with all they have to have, and remembered", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = begin(session);
  const others = isRoot
    ? [wholeFile("foreign", "f", { uid: 1234, gid: 4321 }), wholeFile("set-id", "s", { mode: 0o106755 })]
    : [];
  const files = [
    wholeFile("plain", "abc"),
    wholeFile("empty", ""),
    wholeFile("open", "x", { mode: 0o100666 }),
    wholeFile("shut", "y", { mode: 0o100000 }),
    ...others,
  ];
  expect(applyFiles(batch, files).failures).toEqual([]);
  expect(batch.changes.has("plain")).toBe(false); // nothing is left to be done for it
  expect(finishBatch(batch)).toEqual([]);
  for (const { id, mode, uid, gid, inline, mtime } of files) {
    const path = join(root, id.toString());
    const stat = statSync(path, { bigint: true });
    expect(stat).toMatchObject({ mode: BigInt(mode), uid: BigInt(uid), gid: BigInt(gid), mtimeNs: mtime });
    if (mode !== 0o100000 || isRoot) expect(readFileSync(path)).toEqual(inline);
    expect(session.map.get(id)).toMatchObject({ mtime, hereCtime: stat.ctimeNs });
    expect(session.map.namesOf(id)).toEqual([{ parent: rootId, name: id }]);
  }
  expect(place.held()).toEqual([]);
});

test("a name that is taken, by ours or by others, goes the general way", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  writeFileSync(join(root, "stranger"), "not ours");
  const batch = begin(session);
  applyFiles(batch, [wholeFile("old", "1")]);
  const objects = [wholeFile("new", "2"), wholeFile("stranger", "3")];
  const entries = [entryOf("old", 0), entryOf("stranger", 1)];
  expect(applyChanges(batch, { objects, entries }).failures).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readFileSync(join(root, "old"), "utf8")).toBe("2");
  expect(readFileSync(join(root, "stranger"), "utf8")).toBe("3");
  expect(session.map.get(Buffer.from("old"))).toBeUndefined();
  expect(place.held()).toEqual([]);
});

test("a name that was taken away by hand is free, whatever is remembered of it", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = begin(session);
  applyFiles(batch, [wholeFile("name", "1")]);
  rmSync(join(root, "name"));
  const reply = applyChanges(batch, { objects: [wholeFile("other", "2")], entries: [entryOf("name", 0)] });
  expect(reply.failures).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readFileSync(join(root, "name"), "utf8")).toBe("2");
  expect(session.map.namesOf(Buffer.from("other"))).toHaveLength(1);
  expect(session.map.namesOf(Buffer.from("name"))).toEqual([]);
});

test("what changes again, moves or gets another name in the same batch is as it was said last", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = begin(session);
  applyFiles(batch, [wholeFile("a", "1"), wholeFile("b", "2")]);
  const changed = wholeFile("a", "111", { mtime: 5n });
  applyChanges(batch, {
    objects: [changed, wholeFile("b", "2", { nlink: 2 })],
    entries: [entryOf("moved", 0), entryOf("a", undefined), entryOf("second", 1)],
  });
  expect(finishBatch(batch)).toEqual([]);
  expect(readdirSync(root).filter((name) => !name.startsWith("."))).toEqual(["b", "first", "moved", "second"]);
  expect(readFileSync(join(root, "moved"), "utf8")).toBe("111");
  expect(statSync(join(root, "moved"), { bigint: true }).mtimeNs).toBe(5n);
  const links = ["b", "second"].map((name) => statSync(join(root, name), { bigint: true }));
  expect(links[0]).toMatchObject({ ino: links[1]?.ino, nlink: 2n });
  expect(session.map.get(Buffer.from("b"))?.hereCtime).toBe(links[0]?.ctimeNs);
});

test("when files begin to be born otherwise, the mode is mended", async () => {
  using place = await openSessionPlace();
  const batch = begin(place.session);
  batch.birth = batch.birth && { ...batch.birth, umask: 0 }; // as if somebody had changed the umask since
  applyFiles(batch, [wholeFile("a", "1", { mode: 0o100666 })]);
  expect(batch.birth).toBeUndefined();
  expect(finishBatch(batch)).toEqual([]);
  expect(statSync(join(place.root, "a")).mode).toBe(0o100666);
});

test("a file whose directory is not known leaves nothing behind", async () => {
  using place = await openSessionPlace();
  const batch = begin(place.session);
  const entries = [{ ...entryOf("a", 0), parent: Buffer.from("elsewhere") }];
  const { failures } = applyChanges(batch, { objects: [wholeFile("a", "1")], entries });
  expect(failures).toMatchObject([{ code: "EPARENT" }]);
  finishBatch(batch);
  expect(place.held()).toEqual([]);
});
