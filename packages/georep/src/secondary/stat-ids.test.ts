import { mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, statx } from "@belay/linux";
import { expect, test, vi } from "vitest";

import { fileIdAt, statIdAt } from "../ids/file-id.ts";
import type { ApplyRequest, SessionRules } from "../rpc/messages.ts";
import { directoryOf, fill, makeDirectory, newFile } from "../testing/filled-directory.ts";
import { entryOf, openSessionPlace, wholeFile, type SessionPlace } from "../testing/session-place.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { applyChanges } from "./serve.ts";
import { recover } from "./session.ts";

// Files that are known by inode number and btime, as most of a first copy are where that tells them apart.

/** Done once, between the two calls of a look at a name. */
let meanwhile: (() => void) | undefined;
vi.mock("../tree/read-object.ts", async (original) => {
  const real = await original<typeof import("../tree/read-object.ts")>();
  return {
    ...real,
    fileIdIfThere: (...args: Parameters<typeof real.fileIdIfThere>) => {
      const action = meanwhile;
      meanwhile = undefined;
      action?.();
      return real.fileIdIfThere(...args);
    },
  };
});

const names = ["a", "b", "c"] as const;
const dirId = Buffer.from("dir");
const inDir = (name: string, object: number | undefined) => ({ ...entryOf(name, object), parent: dirId });

/** A destination with `dir/a`, `dir/b` and `dir/c`, which hold their names. @param tellsApart  false: their ids are handles */
async function filledPlace(tellsApart: boolean, rules: Partial<SessionRules> = {}): Promise<SessionPlace> {
  const place = await openSessionPlace(rules);
  place.session.tellsApart = tellsApart;
  const batch = startBatch(place.session);
  makeDirectory(batch, "dir", "compare");
  expect(fill(batch, dirId, names.map((name) => newFile(name, name)))).toEqual([]); // prettier-ignore
  expect(finishBatch(batch)).toEqual([]);
  return place;
}

const pathOf = ({ root }: SessionPlace, ...path: string[]) => join(root, ...path);
const conflicts = (place: SessionPlace): string[] => readdirSync(pathOf(place, ".belay-georep/test/conflicts"));

function standsFor({ session: { map } }: SessionPlace, path: string): string | undefined {
  return map.byHere(fileIdAt(AT_FDCWD, path), statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW))?.id.toString();
}

function apply({ session }: SessionPlace, request: ApplyRequest): void {
  expect(applyChanges(startBatch(session), request).failures).toEqual([]);
}

function applyAndFinish({ session }: SessionPlace, request: ApplyRequest): void {
  const batch = startBatch(session);
  expect(applyChanges(batch, request).failures).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
}

/** Names in `dir`, each with its content. */
const contents = (place: SessionPlace) =>
  Object.fromEntries(
    readdirSync(pathOf(place, "dir")).map((name) => [name, readFileSync(pathOf(place, "dir", name), "utf8")]),
  );

test.each(["first", "another"])("a file is found by its handle and origin (in the %s session)", async (which) => {
  using place = await filledPlace(true);
  if (which === "another") await place.reopen();
  for (const name of names) {
    const path = pathOf(place, "dir", name);
    expect(standsFor(place, path)).toBe(name);
    expect(place.session.map.get(Buffer.from(name))?.here).toEqual(statIdAt(AT_FDCWD, path));
  }
});

test.each([true, false])("one that somebody has moved is still ours, and is made anew (%s)", async (tellsApart) => {
  using place = await filledPlace(tellsApart);
  mkdirSync(pathOf(place, "elsewhere"));
  renameSync(pathOf(place, "dir/a"), pathOf(place, "elsewhere/a"));
  expect(standsFor(place, pathOf(place, "elsewhere/a"))).toBe("a");
  applyAndFinish(place, { objects: [wholeFile("a", "a")], entries: [inDir("a", 0)] });
  expect(contents(place)).toEqual({ a: "a", b: "b", c: "c" });
  expect(conflicts(place)).toEqual([]);
});

test.each([true, false])("what somebody has put in its place is his, and set aside (%s)", async (tellsApart) => {
  using place = await filledPlace(tellsApart);
  writeFileSync(pathOf(place, "theirs"), "not ours");
  renameSync(pathOf(place, "theirs"), pathOf(place, "dir/a"));
  expect(standsFor(place, pathOf(place, "dir/a"))).toBeUndefined();
  applyAndFinish(place, { objects: [wholeFile("a", "a")], entries: [inDir("a", 0)] });
  expect(contents(place)).toEqual({ a: "a", b: "b", c: "c" });
  const kept = conflicts(place).map((name) =>
    readFileSync(pathOf(place, ".belay-georep/test/conflicts", name), "utf8"),
  );
  expect(kept).toEqual(["not ours"]);
});

test.each([
  [true, "goes", undefined],
  [true, "is replaced", 0],
  [false, "goes", undefined],
  [false, "is replaced", 0],
])("what takes its name and number while we look is not ours (%s, %s)", async (tellsApart, _, object) => {
  using place = await filledPlace(tellsApart);
  meanwhile = () => {
    unlinkSync(pathOf(place, "dir/a"));
    writeFileSync(pathOf(place, "dir/a"), "theirs");
  };
  applyAndFinish(place, { objects: [changed("d", "4")].slice(object ?? 1), entries: [inDir("a", object)] });
  expect(meanwhile).toBeUndefined();
  expect(conflicts(place).map((name) => readFileSync(pathOf(place, ".belay-georep/test/conflicts", name), "utf8"))).toEqual(["theirs"]); // prettier-ignore
});

const changed = (id: string, text: string) => wholeFile(id, text, { content: "changed" });

/** What a batch says that is cut off, what the next one says, and what is there in the end. */
const cutOff: Record<string, { said: ApplyRequest; then: ApplyRequest; ends: Record<string, string> }> = {
  "a file goes": {
    said: { objects: [], entries: [inDir("a", undefined)] },
    then: { objects: [], entries: [inDir("a", undefined)] },
    ends: { b: "b", c: "c" },
  },
  "another one takes its name": {
    said: { objects: [changed("d", "4")], entries: [inDir("a", 0)] },
    then: { objects: [changed("d", "4")], entries: [inDir("a", 0)] },
    ends: { a: "4", b: "b", c: "c" },
  },
  "it moves, and another one comes there": {
    said: { objects: [changed("a", "a")], entries: [inDir("a", undefined), inDir("x", 0)] },
    then: { objects: [changed("d", "4")], entries: [inDir("a", undefined), inDir("x", 0)] },
    ends: { x: "4", b: "b", c: "c" },
  },
  "it moves over one, and another one comes there": {
    said: { objects: [changed("a", "a")], entries: [inDir("a", undefined), inDir("b", 0)] },
    then: { objects: [changed("d", "4")], entries: [inDir("a", undefined), inDir("b", 0)] },
    ends: { b: "4", c: "c" },
  },
  "it gets other content": {
    said: { objects: [wholeFile("a", "1234", { content: "changed" })], entries: [inDir("a", 0)] },
    then: { objects: [wholeFile("a", "12345", { content: "changed" })], entries: [inDir("a", 0)] },
    ends: { a: "12345", b: "b", c: "c" },
  },
  "its directory goes": {
    said: { objects: [], entries: [entryOf("dir", undefined)] },
    then: { objects: [directoryOf("new", "changed")], entries: [entryOf("dir", 0)] },
    ends: {},
  },
};

const cutOffs = Object.keys(cutOff).flatMap((what) =>
  [true, false].flatMap((tellsApart) =>
    ["a kill", "a batch that is taken back"].flatMap((by) =>
      [true, false].map((setsConflictsAside) => ({ what, tellsApart, by, setsConflictsAside })),
    ),
  ),
);

test.concurrent.each(cutOffs)(
  "nothing of ours counts as somebody else's: $what, cut off by $by ($tellsApart, $setsConflictsAside)",
  async ({ what, tellsApart, by, setsConflictsAside }) => {
    using place = await filledPlace(tellsApart, { setsConflictsAside });
    await sleep(1500); // older than what may be the work of a batch that was cut off
    expect(finishBatch(startBatch(place.session))).toEqual([]);
    const { said, then, ends } = cutOff[what] ?? { said: undefined, then: undefined, ends: {} };
    if (said !== undefined) apply(place, said);
    if (by === "a kill") await place.reopen();
    else {
      place.session.map.rollback();
      recover(place.session);
    }
    if (then !== undefined) applyAndFinish(place, then);
    expect(contents(place)).toEqual(ends);
    expect([...conflicts(place), ...place.held()]).toEqual([]);
  },
);
