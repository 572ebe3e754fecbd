import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { AT_FDCWD, close, open, O_DIRECTORY, O_RDONLY } from "@belay/linux";
import { expect, test } from "vitest";

import { fileIdAt, isHandle } from "../ids/file-id.ts";
import { fill, makeDirectory, newFile } from "../testing/filled-directory.ts";
import { entryOf, openSessionPlace, wholeFile, type SessionPlace } from "../testing/session-place.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { LateIds } from "./late-ids.ts";
import { applyChanges } from "./serve.ts";

const isRoot = process.geteuid?.() === 0;
const dirId = Buffer.from("dir");
const [a, b] = [Buffer.from("a"), Buffer.from("b")];

/** A destination with `dir/a` and `dir/b`, whose ids here nobody has asked for. */
async function filledPlace(): Promise<SessionPlace> {
  const place = await openSessionPlace();
  const batch = startBatch(place.session);
  makeDirectory(batch, "dir", "compare");
  expect(place.session.map.asksLater).toBe(true);
  expect(fill(batch, dirId, [newFile("a", "1"), newFile("b", "2")])).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
  return place;
}

const idAt = (...path: string[]) => fileIdAt(AT_FDCWD, join(...path));
const hereOf = ({ session: { map } }: SessionPlace, id: Buffer) => map.get(id)?.here;

/** Tells of `a` once more. */
function tellOfA({ session }: SessionPlace): void {
  const batch = startBatch(session);
  const entry = { ...entryOf("a", 0), parent: dirId };
  expect(applyChanges(batch, { objects: [wholeFile("a", "1")], entries: [entry] }).failures).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
}

const conflicts = ({ root }: SessionPlace): string[] => readdirSync(join(root, ".belay-georep/test/conflicts"));

test.skipIf(!isRoot).each(["id here", "id at the source", "name", "rest", "id here, after another start"])(
  "files of a first copy have their ids when somebody asks for one, or when there is time (by %s)",
  async (way) => {
    using place = await filledPlace();
    if (way.endsWith("start")) await place.reopen();
    const { map } = place.session;
    if (way.startsWith("id here")) expect(map.byHere(idAt(place.root, "dir/a"))?.id).toEqual(a);
    if (way === "name") expect(map.children(dirId, a, b)).toHaveLength(2);
    if (way === "rest") map.settleSome(() => undefined);
    for (const id of [a, b]) {
      const here = idAt(place.root, "dir", id.toString());
      expect(isHandle(here)).toBe(true);
      expect(hereOf(place, id)).toEqual(here);
      expect(map.byHere(here)?.id).toEqual(id);
    }
  },
);

test.skipIf(!isRoot)("they have them wherever their directory is by then", async () => {
  using place = await filledPlace();
  mkdirSync(join(place.root, "elsewhere"));
  renameSync(join(place.root, "dir"), join(place.root, "elsewhere/dir"));
  expect(hereOf(place, a)).toEqual(idAt(place.root, "elsewhere/dir/a"));
});

test.skipIf(!isRoot)("what somebody has moved before that is his, and the file is made anew", async () => {
  using place = await filledPlace();
  const moved = join(place.root, "moved");
  renameSync(join(place.root, "dir/a"), moved);
  expect(place.session.map.byHere(idAt(moved))).toBeUndefined();
  expect(hereOf(place, b)).toEqual(idAt(place.root, "dir/b"));
  tellOfA(place);
  expect(readFileSync(moved, "utf8")).toBe("1");
  expect(readFileSync(join(place.root, "dir/a"), "utf8")).toBe("1");
  expect(hereOf(place, a)).toEqual(idAt(place.root, "dir/a"));
});

test.skipIf(!isRoot)("what somebody has put in their place before that is his, and set aside", async () => {
  using place = await filledPlace();
  writeFileSync(join(place.root, "theirs"), "not ours");
  renameSync(join(place.root, "theirs"), join(place.root, "dir/a"));
  tellOfA(place);
  expect(readFileSync(join(place.root, "dir/a"), "utf8")).toBe("1");
  const kept = conflicts(place);
  expect(kept).toHaveLength(1);
  expect(readFileSync(join(place.root, ".belay-georep/test/conflicts", kept[0] ?? ""), "utf8")).toBe("not ours");
});

test.skipIf(!isRoot)("what goes with its directory before that goes wholly", async () => {
  using place = await filledPlace();
  const batch = startBatch(place.session);
  expect(applyChanges(batch, { objects: [], entries: [entryOf("dir", undefined)] }).failures).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
  expect(readdirSync(place.root)).toEqual([".belay-georep"]);
  expect([...conflicts(place), ...place.held()]).toEqual([]);
  expect(place.session.map.get(a)).toBeUndefined();
});

test("where files have no handles nothing is asked later", () => {
  const fd = open("/proc", O_RDONLY | O_DIRECTORY);
  expect(LateIds.of(fd)).toBeUndefined();
  close(fd);
});
