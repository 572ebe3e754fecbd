import { mkdirSync, mkdtempDisposableSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { DurableNotes } from "./durable-notes.ts";

const id = (name: string) => Buffer.from(name);
const idsIn = (path: string): string[] => {
  using notes = new DurableNotes(path);
  return notes.ids.map(String);
};

test("what was forgotten is gone when it is settled, the rest stays, and more can be noted", () => {
  using place = mkdtempDisposableSync(join(tmpdir(), "belay-notes-"));
  const path = join(place.path, "notes");
  using notes = new DurableNotes(path);
  for (const [value, name] of ["a", "b", "c"].entries()) notes.note(id(name), value);
  notes.forget(id("a"));
  notes.forget(id("unknown"));
  expect(idsIn(path)).toEqual(["a", "b", "c"]);
  notes.settle();
  notes.note(id("d"), 0o7777);
  notes.note(id("d"), 1); // the first one counts
  using again = new DurableNotes(path);
  expect(again.ids.map((each) => [String(each), again.valueOf(each)])).toEqual([["b", 1], ["c", 2], ["d", 0o7777]]); // prettier-ignore
  for (const name of ["b", "c", "d"]) notes.forget(id(name));
  notes.settle();
  expect([statSync(path).size, readdirSync(place.path)]).toEqual([0, ["notes"]]);
});

test("nothing is lost while notes cannot be written anew, and it is tried again", () => {
  using place = mkdtempDisposableSync(join(tmpdir(), "belay-notes-"));
  const path = join(place.path, "notes");
  using notes = new DurableNotes(path);
  for (const name of ["a", "b"]) notes.note(id(name));
  mkdirSync(`${path}.new`);
  notes.forget(id("a"));
  notes.settle();
  notes.note(id("c"));
  expect([notes.ids.map(String), idsIn(path)]).toEqual([["b", "c"], ["a", "b", "c"]]); // prettier-ignore
  rmdirSync(`${path}.new`);
  notes.settle();
  expect(idsIn(path)).toEqual(["b", "c"]);
});
