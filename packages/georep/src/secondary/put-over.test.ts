import { closeSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { fileIdAt } from "../ids/file-id.ts";
import { entryOf, openSessionPlace, wholeFile, type SessionPlace } from "../testing/session-place.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { beginContent, takeContent } from "./incoming.ts";
import { openToWrite } from "./own-access.ts";
import { putOver } from "./put-over.ts";
import { applyChanges } from "./serve.ts";
import { recover } from "./session.ts";
import { dropName, takeName, type Standing } from "./take-name.ts";

// Between a look at a name and what is done with it somebody puts something else there. Each test is in that moment: the look has been, and told the id of
// what was there.

const name = Buffer.from("name");
const heldName = Buffer.from("held");
const stateOf = ({ root }: SessionPlace, folder: string) => join(root, ".belay-georep", "test", folder);
const text = ({ root }: SessionPlace) => readFileSync(join(root, "name"), "utf8");

function lookAt({ root, session }: SessionPlace, content: string): Standing {
  writeFileSync(join(root, "name"), content);
  return { dirfd: session.root, name, here: fileIdAt(session.root, name) };
}

function putThere({ root }: SessionPlace, content: string): void {
  writeFileSync(join(root, "other"), content);
  renameSync(join(root, "other"), join(root, "name"));
}

function makeHeld(place: SessionPlace, content: string): void {
  writeFileSync(join(stateOf(place, "held"), heldName.toString()), content);
}

/** What is in `conflicts/`: names without what makes them different, and contents. */
function conflicts(place: SessionPlace): string[] {
  const folder = stateOf(place, "conflicts");
  return readdirSync(folder).map(
    (file) => `${file.replace(/^\d+-\d+-/, "")}: ${readFileSync(join(folder, file), "utf8")}`,
  );
}

test("a file takes the place of the one that is known, of which nothing is left", async () => {
  using place = await openSessionPlace();
  const at = lookAt(place, "old");
  makeHeld(place, "new");
  putOver(place.session, heldName, at);
  expect([text(place), place.held(), conflicts(place)]).toEqual(["new", [], []]);
});

test("what somebody has put there just now goes to conflicts", async () => {
  using place = await openSessionPlace();
  const at = lookAt(place, "old");
  makeHeld(place, "new");
  putThere(place, "theirs");
  putOver(place.session, heldName, at);
  expect([text(place), place.held(), conflicts(place)]).toEqual(["new", [], ["name: theirs"]]);
});

test("where such things may not be moved, it stays and that is an error", async () => {
  using place = await openSessionPlace({ setsConflictsAside: false });
  const at = lookAt(place, "old");
  makeHeld(place, "new");
  putThere(place, "theirs");
  expect(() => putOver(place.session, heldName, at)).toThrow(expect.objectContaining({ code: "EEXIST" }));
  expect([text(place), place.held(), conflicts(place)]).toEqual(["theirs", ["held"], []]);
});

/** Has something else stand at the name when it is asked whether such things may be moved aside: they may not. */
function putsOnceMore(place: SessionPlace): void {
  Object.defineProperty(place.session.rules, "setsConflictsAside", {
    get: () => {
      putThere(place, "theirs, too");
      return false;
    },
  });
}

test("where such things may not be moved, and he is there once more, all of it is kept", async () => {
  using place = await openSessionPlace();
  const { session } = place;
  const at = lookAt(place, "old");
  makeHeld(place, "new");
  putThere(place, "theirs");
  const batch = startBatch(session);
  putsOnceMore(place);
  expect(() => putOver(session, heldName, at)).toThrow(expect.objectContaining({ code: "EEXIST" }));
  expect(text(place)).toBe("theirs");
  expect(finishBatch(batch)).toEqual([]);
  expect([place.held(), conflicts(place)]).toEqual([[], ["name: theirs, too"]]);
});

test("a name that was to be taken, and is taken once more before it is given back, leaves all of it kept", async () => {
  using place = await openSessionPlace();
  const { session } = place;
  const at = lookAt(place, "old");
  putThere(place, "theirs");
  const batch = startBatch(session);
  putsOnceMore(place);
  const take = () => takeName(session, at, { heldName, keepsName: false });
  expect(take).toThrow(expect.objectContaining({ code: "EEXIST" }));
  expect(text(place)).toBe("theirs, too");
  expect(finishBatch(batch)).toEqual([]);
  expect([place.held(), conflicts(place)]).toEqual([[], ["name: theirs"]]);
});

test("a name is taken away only from what is known", async () => {
  using place = await openSessionPlace();
  const { session } = place;
  const at = lookAt(place, "old");
  putThere(place, "theirs");
  const batch = startBatch(session);
  expect(dropName(session, at, heldName)).toBe(false);
  expect(dropName(session, lookAt(place, "new"), heldName)).toBe(true);
  expect(existsSync(join(place.root, "name"))).toBe(false);
  expect(finishBatch(batch)).toEqual([]);
  expect([place.held(), conflicts(place)]).toEqual([[], ["name: theirs"]]);
});

test("what is written in place is what is known", async () => {
  using place = await openSessionPlace();
  const at = lookAt(place, "old");
  closeSync(openToWrite(at, at.here));
  putThere(place, "theirs");
  expect(() => openToWrite(at, at.here)).toThrow(expect.objectContaining({ code: "ENOENT" }));
});

test("nothing is left of a content that was begun and not ended", async () => {
  using place = await openSessionPlace();
  const first = startBatch(place.session);
  applyChanges(first, { objects: [wholeFile("a", "old")], entries: [entryOf("a", 0)] });
  expect(finishBatch(first)).toEqual([]);
  const batch = startBatch(place.session);
  const changed = wholeFile("a", "", { content: "changed", inline: undefined, size: 11, mtime: 7n });
  applyChanges(batch, { objects: [changed], entries: [] });
  beginContent(batch, changed.id, false);
  takeContent(batch, changed.id, 0, Buffer.from("new"));
  expect(place.held()).toHaveLength(1);
  finishBatch(batch);
  expect(place.held()).toEqual([]);
});

test("a name that somebody has taken away just now is given all the same", async () => {
  using place = await openSessionPlace();
  const at = lookAt(place, "old");
  makeHeld(place, "new");
  rmSync(join(place.root, "name"));
  putOver(place.session, heldName, at);
  expect([text(place), place.held()]).toEqual(["new", []]);
});

test("a name is taken or linked only as what is known, otherwise it goes to conflicts or stays", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const at = lookAt(place, "old");
  expect(takeName(session, at, { heldName, keepsName: true })).toBe(true);
  expect([text(place), place.held()]).toEqual(["old", ["held"]]);
  rmSync(join(stateOf(place, "held"), "held"));
  putThere(place, "theirs");
  expect(takeName(session, at, { heldName, keepsName: true })).toBe(false);
  expect([text(place), place.held()]).toEqual(["theirs", []]);
  const batch = startBatch(session);
  expect(takeName(session, at, { heldName, keepsName: false })).toBe(false);
  expect(existsSync(join(root, "name"))).toBe(false);
  expect(finishBatch(batch)).toEqual([]);
  expect([place.held(), conflicts(place)]).toEqual([[], ["name: theirs"]]);
});

test("where such things may not be moved, a name that was to be taken is given back", async () => {
  using place = await openSessionPlace({ setsConflictsAside: false });
  const at = lookAt(place, "old");
  putThere(place, "theirs");
  const take = () => takeName(place.session, at, { heldName, keepsName: false });
  expect(take).toThrow(expect.objectContaining({ code: "EEXIST" }));
  expect([text(place), place.held(), conflicts(place)]).toEqual(["theirs", [], []]);
});

test("what lies in held after a kill right then is kept when it is somebody else's, and goes when it is ours", async () => {
  using place = await openSessionPlace();
  const { session } = place;
  writeFileSync(join(place.root, "name"), "theirs");
  await sleep(1200); // before any batch, by more than what file systems may be behind the clock
  startBatch(session);
  renameSync(join(place.root, "name"), join(stateOf(place, "held"), "6e.new"));
  makeHeld(place, "ours, not complete");
  session.map.rollback();
  recover(session);
  expect([place.held(), conflicts(place)]).toEqual([[], ["left: theirs"]]);
});
