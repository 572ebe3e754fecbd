import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { allocatePages, errno, ErrnoError, pageSize, PROT_NONE } from "@belay/linux";
import { expect, test } from "vitest";

import { WireReader } from "../rpc/wire.ts";
import { directoryOf, fill, makeDirectory, newFile, times } from "../testing/filled-directory.ts";
import { fillOf } from "../testing/new-file.ts";
import { entryOf, openSessionPlace, rootId, wholeFile } from "../testing/session-place.ts";
import { startBatch } from "./batch.ts";
import { fillDirectory } from "./fill.ts";
import { finishBatch } from "./finish.ts";
import { applyChanges } from "./serve.ts";
import { recover } from "./session.ts";

const isRoot = process.geteuid?.() === 0;
const dirId = Buffer.from("dir");

test.each(["compare", "changed"] as const)("files are made with all they have to have (%s)", async (content) => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = startBatch(session);
  makeDirectory(batch, "dir", content);
  const others = isRoot ? [newFile("foreign", "f", { uid: 1234, gid: 4321 }), newFile("set-id", "s", { mode: 0o106755 })] : []; // prettier-ignore
  const files = [newFile("plain", "abc"), newFile("empty", ""), newFile("shut", "y", { mode: 0o100000 }), ...others];
  expect(fill(batch, dirId, files)).toEqual([]);
  expect(existsSync(join(root, "dir"))).toBe(content === "changed");
  expect(finishBatch(batch)).toEqual([]);
  for (const { id, cName, mode, uid, gid, mtime, content: bytes } of files) {
    const path = join(root, "dir", cName.toString("latin1", 0, cName.length - 1));
    const stat = statSync(path, { bigint: true });
    expect(stat).toMatchObject({ mode: BigInt(mode), uid: BigInt(uid), gid: BigInt(gid), mtimeNs: mtime });
    if (mode !== 0o100000 || isRoot) expect(readFileSync(path)).toEqual(bytes);
    expect(session.map.get(id)).toMatchObject({ mtime, size: bytes.length, hereCtime: stat.ctimeNs });
    expect(session.map.namesOf(id)).toEqual([{ parent: dirId, name: id }]);
  }
  expect(statSync(join(root, "dir"), { bigint: true })).toMatchObject({ mode: 0o040755n, mtimeNs: times.mtime });
  expect(place.held()).toEqual([]);
});

test("what is known, or whose name is taken, is left alone, and nothing of it stays", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = startBatch(session);
  makeDirectory(batch, "dir", "changed");
  writeFileSync(join(root, "dir", "taken"), "not ours");
  applyChanges(batch, { objects: [wholeFile("known", "1")], entries: [entryOf("elsewhere", 0)] });
  const files = [newFile("a", "1"), newFile("taken", "2"), newFile("known", "3"), newFile("z", "4")];
  expect(fill(batch, dirId, files)).toEqual(["taken", "known"]);
  expect(fill(batch, Buffer.from("no such"), files.slice(0, 1))).toEqual(["a"]);
  expect(readdirSync(join(root, "dir")).sort()).toEqual(["a", "taken", "z"]);
  expect(readFileSync(join(root, "dir", "taken"), "utf8")).toBe("not ours");
  expect(place.held()).toEqual([]);
});

test("contents come from the memory that is shared; what cannot be read there is left alone, and nothing of it stays", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = startBatch(session);
  makeDirectory(batch, "dir", "changed");
  const page = pageSize();
  using memory = allocatePages(2 * page);
  memory.view().set(Buffer.from("abcde"), page - 3);
  memory.protect(PROT_NONE, page); // as of a file that ends there
  const files = [newFile("whole", "abc"), newFile("beyond", "de"), newFile("empty", "")];
  const message = fillOf(dirId, files, { offset: page - 3, address: 0 });
  expect(fillDirectory(batch, new WireReader(message), { shared: memory })).toEqual([1]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readdirSync(join(root, "dir")).sort()).toEqual(["empty", "whole"]);
  expect(readFileSync(join(root, "dir/whole"), "utf8")).toBe("abc");
  expect(place.held()).toEqual([]);
});

test("directories in a hidden one are hidden with it, and all appear together", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = startBatch(session);
  makeDirectory(batch, "dir", "compare");
  makeDirectory(batch, "inner", "compare", dirId);
  expect(fill(batch, Buffer.from("inner"), [newFile("f", "1")])).toEqual([]);
  expect(readdirSync(root)).toEqual([".belay-georep"]);
  expect(place.held()).toEqual([dirId.toString("hex")]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readFileSync(join(root, "dir/inner/f"), "utf8")).toBe("1");
  expect(session.map.namesOf(Buffer.from("inner"))).toEqual([{ parent: dirId, name: Buffer.from("inner") }]);
});

test("a hidden directory shows before something known comes into it: what is cut off does not take that along", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const first = startBatch(session);
  mkdirSync(join(root, "unrelated"));
  applyChanges(first, { objects: [wholeFile("old", "precious")], entries: [entryOf("old", 0)] });
  expect(finishBatch(first)).toEqual([]);
  const batch = startBatch(session);
  makeDirectory(batch, "dir", "compare");
  makeDirectory(batch, "inner", "compare", dirId);
  const moved = { ...entryOf("old", 0), parent: Buffer.from("inner") };
  const request = { objects: [wholeFile("old", "precious")], entries: [entryOf("old", undefined), moved] };
  expect(applyChanges(batch, request).failures).toEqual([]);
  expect(readFileSync(join(root, "dir/inner/old"), "utf8")).toBe("precious");
  expect(fill(batch, Buffer.from("inner"), [newFile("f", "1")])).toEqual([]); // now as where others look on
  expect(finishBatch(batch)).toEqual([]);
  expect(readdirSync(join(root, "dir/inner")).sort()).toEqual(["f", "old"]);
});

test("a hidden directory that is to be elsewhere, or nowhere, when the batch ends", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = startBatch(session);
  for (const name of ["moves", "goes", "outer"]) makeDirectory(batch, name, "compare");
  makeDirectory(batch, "inner", "compare", Buffer.from("outer"));
  const objects = [directoryOf("moves", "changed"), directoryOf("inner", "changed")];
  const entries = [entryOf("moves", undefined), entryOf("moved", 0), entryOf("goes", undefined), entryOf("out", 1)];
  const left = { ...entryOf("inner", undefined), parent: Buffer.from("outer") };
  expect(applyChanges(batch, { objects, entries: [...entries, left] }).failures).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readdirSync(root).sort()).toEqual([".belay-georep", "moved", "out", "outer"]);
  expect(readdirSync(join(root, "outer"))).toEqual([]);
  expect(session.map.get(Buffer.from("goes"))).toBeUndefined();
  expect(place.held()).toEqual([]);
});

test.each(["file", "directory"])("a %s that takes a name before the batch ends is set aside", async (kind) => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = startBatch(session);
  makeDirectory(batch, "dir", "compare");
  expect(fill(batch, dirId, [newFile("f", "1")])).toEqual([]);
  if (kind === "directory") mkdirSync(join(root, "dir"));
  writeFileSync(join(root, kind === "directory" ? "dir/theirs" : "dir"), "not ours");
  expect(finishBatch(batch)).toEqual([]);
  expect(readFileSync(join(root, "dir/f"), "utf8")).toBe("1");
  expect(readdirSync(join(root, "dir"))).toEqual(["f"]);
  const conflicts = join(root, ".belay-georep/test/conflicts");
  const [kept = "", ...more] = readdirSync(conflicts);
  expect(more).toEqual([]);
  expect(readFileSync(kind === "directory" ? join(conflicts, kept, "theirs") : join(conflicts, kept), "utf8")).toBe(
    "not ours",
  );
  expect(session.map.namesOf(dirId)).toEqual([{ parent: rootId, name: dirId }]);
  expect(place.held()).toEqual([]);
});

test("a name that somebody takes before the batch ends stays theirs, and fails, where nothing is set aside", async () => {
  using place = await openSessionPlace({ setsConflictsAside: false });
  const { root, session } = place;
  const batch = startBatch(session);
  makeDirectory(batch, "dir", "compare");
  expect(fill(batch, dirId, [newFile("f", "1")])).toEqual([]);
  writeFileSync(join(root, "dir"), "not ours");
  linkSync(join(root, "dir"), join(root, "same"));
  expect(finishBatch(batch)).toMatchObject([{ id: rootId, name: dirId, code: "EEXIST" }]);
  expect(readFileSync(join(root, "dir"), "utf8")).toBe("not ours");
  expect(session.map.get(dirId)).toBeUndefined();
  expect(place.held()).toEqual([]);
});

test("directories of an apply that fails as a whole are told of by the next one", async () => {
  using place = await openSessionPlace();
  const { session } = place;
  let isFull = true;
  const get = (): number => {
    if (isFull) throw new ErrnoError(errno.ENOSPC, "openat");
    return session.heldDirectory;
  };
  const batch = startBatch(Object.defineProperty({ ...session }, "heldDirectory", { get }));
  const request = { objects: [directoryOf("dir", "changed"), wholeFile("f", "1", { content: "compare" })], entries: [entryOf("dir", 0), entryOf("f", 1)] }; // prettier-ignore
  expect(() => applyChanges(batch, request)).toThrow("ENOSPC");
  isFull = false;
  expect(applyChanges(batch, request)).toMatchObject({ made: [dirId], failures: [] });
  expect(applyChanges(batch, request)).toMatchObject({ made: [] });
  expect(finishBatch(batch)).toEqual([]);
});

test("of a batch that is cut off, what was hidden is gone", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = startBatch(session);
  makeDirectory(batch, "dir", "compare");
  expect(fill(batch, dirId, [newFile("f", "1")])).toEqual([]);
  session.map.rollback();
  recover(session);
  expect(readdirSync(root)).toEqual([".belay-georep"]);
  expect(place.held()).toEqual([]);
  expect(session.map.get(dirId)).toBeUndefined();
});

test.each(["a/b\0", "..\0", ".\0", "a\0b\0", "no end"])("a peer cannot name %j", async (name) => {
  using place = await openSessionPlace();
  const batch = startBatch(place.session);
  const files = [newFile("fine", ""), { ...newFile("x", ""), cName: Buffer.from(name) }];
  expect(() => fill(batch, rootId, files)).toThrow(expect.objectContaining({ code: "EPROTO" }));
});

test("a hidden directory that goes in the same batch in which what was in it moves away", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = startBatch(session);
  makeDirectory(batch, "outer", "compare");
  makeDirectory(batch, "inner", "compare", Buffer.from("outer"));
  const left = { ...entryOf("inner", undefined), parent: Buffer.from("outer") };
  const entries = [left, entryOf("out", 0), entryOf("outer", undefined)];
  const reply = applyChanges(batch, { objects: [directoryOf("inner", "changed")], entries });
  expect(reply).toMatchObject({ failures: [], detached: expect.arrayContaining([Buffer.from("outer")]) as unknown });
  expect(fill(batch, Buffer.from("inner"), [newFile("f", "1")])).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readdirSync(root).sort()).toEqual([".belay-georep", "out"]);
  expect(readdirSync(join(root, "out"))).toEqual(["f"]);
  expect(session.map.get(Buffer.from("outer"))).toBeUndefined();
});

test("a name of a hidden directory is told of another one, and the first one's contents move", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = startBatch(session);
  makeDirectory(batch, "dir", "compare");
  makeDirectory(batch, "inner", "compare", dirId);
  const other = { objects: [directoryOf("other", "compare")], entries: [entryOf("dir", 0)] };
  expect(applyChanges(batch, other).failures).toEqual([]);
  const left = { ...entryOf("inner", undefined), parent: dirId };
  const moved = { objects: [directoryOf("inner", "changed")], entries: [left, entryOf("out", 0)] };
  expect(applyChanges(batch, moved).failures).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readdirSync(root).sort()).toEqual([".belay-georep", "dir", "out"]);
  expect(session.map.namesOf(Buffer.from("other"))).toEqual([{ parent: rootId, name: dirId }]);
  expect(session.map.get(dirId)).toBeUndefined();
});

test("a hidden directory that has got another name meanwhile keeps that one", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = startBatch(session);
  makeDirectory(batch, "dir", "compare");
  const moved = { objects: [directoryOf("dir", "changed")], entries: [entryOf("moved", 0)] };
  expect(applyChanges(batch, moved).failures).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readdirSync(root).sort()).toEqual([".belay-georep", "moved"]);
});

test("nothing known comes into a hidden directory whose name somebody has taken", async () => {
  using place = await openSessionPlace({ setsConflictsAside: false });
  const { root, session } = place;
  const first = startBatch(session);
  const olds = ["old", "older"].map((name) => wholeFile(name, name));
  applyChanges(first, { objects: olds, entries: [entryOf("old", 0), entryOf("older", 1)] });
  expect(finishBatch(first)).toEqual([]);
  const batch = startBatch(session);
  makeDirectory(batch, "dir", "compare");
  writeFileSync(join(root, "dir"), "not ours");
  for (const [index, name] of ["old", "older"].entries()) {
    const entries = [{ ...entryOf(name, 0), parent: dirId }];
    expect(applyChanges(batch, { objects: olds.slice(index, index + 1), entries }).failures).toHaveLength(1);
  }
  expect(finishBatch(batch)).toMatchObject([{ id: rootId, name: dirId, code: "EEXIST" }]);
  for (const name of ["old", "older"]) expect(readFileSync(join(root, name), "utf8")).toBe(name);
  expect(readFileSync(join(root, "dir"), "utf8")).toBe("not ours");
});
