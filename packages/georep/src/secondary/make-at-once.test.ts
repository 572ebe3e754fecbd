import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { silentLogger } from "@belay/supervise";
import { expect, test } from "vitest";

import type { EntryChange, ObjectChange } from "../rpc/messages.ts";
import { fileChange } from "../testing/file-change.ts";
import { startBatch, type Batch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { applyChanges } from "./serve.ts";
import { openSession, type Session } from "./session.ts";

const rootId = Buffer.from("root");
const isRoot = process.geteuid?.() === 0;

interface Place extends Disposable {
  readonly root: string;
  readonly session: Session;
  readonly held: () => string[];
}

async function openPlace(): Promise<Place> {
  const root = mkdtempSync(join(tmpdir(), "belay-at-once-"));
  const rules = { syncXattrs: true, syncAcls: true, ignoreDeletes: false, setsConflictsAside: true };
  const session = await openSession({ root, session: "test", rootId, rules, logger: silentLogger });
  return {
    root,
    session,
    held: () => readdirSync(join(root, ".belay-georep", "test", "held")),
    [Symbol.dispose]: () => {
      session[Symbol.dispose]();
      rmSync(root, { recursive: true });
    },
  };
}

function file(id: string, text: string, more: Partial<ObjectChange> = {}): ObjectChange {
  const times = { mtime: 1_700_000_000_123_456_789n, ctime: 1_700_000_001_000_000_000n };
  return fileChange(id, { size: text.length, inline: Buffer.from(text), ...times, ...more });
}

const entry = (name: string, object: number | undefined): EntryChange => ({
  parent: rootId,
  name: Buffer.from(name),
  object,
});

/** All under the names of their ids. */
function applyFiles(batch: Batch, objects: readonly ObjectChange[]) {
  return applyChanges(batch, { objects, entries: objects.map(({ id }, index) => entry(id.toString(), index)) });
}

// The first file of a batch goes the general way.
function begin(session: Session): Batch {
  const batch = startBatch(session);
  expect(applyFiles(batch, [file("first", "")]).failures).toEqual([]);
  expect(batch.birth).toBeDefined();
  return batch;
}

test("files are made with all they have to have, and remembered", async () => {
  using place = await openPlace();
  const { root, session } = place;
  const batch = begin(session);
  const others = isRoot
    ? [file("foreign", "f", { uid: 1234, gid: 4321 }), file("set-id", "s", { mode: 0o106755 })]
    : [];
  const files = [
    file("plain", "abc"),
    file("empty", ""),
    file("open", "x", { mode: 0o100666 }),
    file("shut", "y", { mode: 0o100000 }),
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
  using place = await openPlace();
  const { root, session } = place;
  writeFileSync(join(root, "stranger"), "not ours");
  const batch = begin(session);
  applyFiles(batch, [file("old", "1")]);
  const objects = [file("new", "2"), file("stranger", "3")];
  const entries = [entry("old", 0), entry("stranger", 1)];
  expect(applyChanges(batch, { objects, entries }).failures).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readFileSync(join(root, "old"), "utf8")).toBe("2");
  expect(readFileSync(join(root, "stranger"), "utf8")).toBe("3");
  expect(session.map.get(Buffer.from("old"))).toBeUndefined();
  expect(place.held()).toEqual([]);
});

test("a name that was taken away by hand is free, whatever is remembered of it", async () => {
  using place = await openPlace();
  const { root, session } = place;
  const batch = begin(session);
  applyFiles(batch, [file("name", "1")]);
  rmSync(join(root, "name"));
  const reply = applyChanges(batch, { objects: [file("other", "2")], entries: [entry("name", 0)] });
  expect(reply.failures).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readFileSync(join(root, "name"), "utf8")).toBe("2");
  expect(session.map.namesOf(Buffer.from("other"))).toHaveLength(1);
  expect(session.map.namesOf(Buffer.from("name"))).toEqual([]);
});

test("what changes again, moves or gets another name in the same batch is as it was said last", async () => {
  using place = await openPlace();
  const { root, session } = place;
  const batch = begin(session);
  applyFiles(batch, [file("a", "1"), file("b", "2")]);
  const changed = file("a", "111", { mtime: 5n });
  applyChanges(batch, {
    objects: [changed, file("b", "2", { nlink: 2 })],
    entries: [entry("moved", 0), entry("a", undefined), entry("second", 1)],
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
  using place = await openPlace();
  const batch = begin(place.session);
  batch.birth = batch.birth && { ...batch.birth, umask: 0 }; // as if somebody had changed the umask since
  applyFiles(batch, [file("a", "1", { mode: 0o100666 })]);
  expect(batch.birth).toBeUndefined();
  expect(finishBatch(batch)).toEqual([]);
  expect(statSync(join(place.root, "a")).mode).toBe(0o100666);
});

test("a file whose directory is not known leaves nothing behind", async () => {
  using place = await openPlace();
  const batch = begin(place.session);
  const entries = [{ ...entry("a", 0), parent: Buffer.from("elsewhere") }];
  const { failures } = applyChanges(batch, { objects: [file("a", "1")], entries });
  expect(failures).toMatchObject([{ code: "EPARENT" }]);
  finishBatch(batch);
  expect(place.held()).toEqual([]);
});
