import { appendFileSync, mkdtempDisposableSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { expect, test } from "vitest";

import { DurableNotes } from "./durable-notes.ts";

const id = (name: string) => Buffer.from(name);
const notesOf = (notes: DurableNotes) => Object.fromEntries(notes.ids.map((each) => [String(each), notes.valueOf(each)])); // prettier-ignore
const notesIn = (path: string) => {
  using notes = new DurableNotes(path);
  return notesOf(notes);
};

function place(): Disposable & { readonly path: string } {
  const directory = mkdtempDisposableSync(join(tmpdir(), "belay-notes-"));
  return { path: join(directory.path, "notes"), [Symbol.dispose]: () => directory.remove() };
}

test("what was forgotten is gone when it is settled, the rest stays, and more can be noted", () => {
  using at = place();
  using notes = new DurableNotes(at.path);
  for (const [value, name] of ["a", "b", "long", "d"].entries()) notes.note(id(name), value);
  notes.forget(id("a"));
  notes.forget(id("unknown"));
  expect(notesIn(at.path)).toEqual({ a: 0, b: 1, long: 2, d: 3 });
  notes.settle();
  expect(notesIn(at.path)).toEqual({ b: 1, long: 2, d: 3 });
  notes.note(id("e"), 0o7777);
  notes.note(id("b"), 7); // the last one counts
  expect(notesIn(at.path)).toEqual({ b: 7, e: 0o7777, long: 2, d: 3 });
  for (const each of notes.ids) notes.forget(each);
  notes.settle();
  notes.note(id("f"), 5);
  expect([notesIn(at.path), notesOf(notes)]).toEqual([{ f: 5 }, { f: 5 }]);
});

test("notes have room that was made for them before, and grow no more than they are many", () => {
  using at = place();
  using notes = new DurableNotes(at.path);
  expect(statSync(at.path)).toMatchObject({ size: 4096, blocks: 8 });
  notes.note(id("stays"));
  for (let round = 0; round < 1000; round++) {
    notes.note(id(String(round).padStart(30)));
    notes.forget(id(String(round).padStart(30)));
    notes.settle();
  }
  expect(statSync(at.path).size).toBe(4096);
  for (let round = 0; round < 1000; round++) notes.note(id(String(round).padStart(30)));
  using again = new DurableNotes(at.path);
  expect([notes.size, again.size, statSync(at.path).size > 33_000]).toEqual([1001, 1001, true]);
  for (const each of notes.ids) notes.forget(each);
  notes.settle();
  expect([notesIn(at.path), statSync(at.path).size]).toEqual([{}, 4096]);
});

test("a note that was being written when its process was killed is none", () => {
  using at = place();
  writeFileSync(at.path, Buffer.from([1, 5, 0, 97, 4, 0, 0, 98]));
  {
    using notes = new DurableNotes(at.path);
    expect(notesOf(notes)).toEqual({ a: 5 });
    for (let round = 0; round < 200; round++) notes.note(id(String(round).padStart(30)));
  }
  const whole = readFileSync(at.path);
  for (const half of [1, 2, 3, 20]) {
    truncateSync(at.path, whole.length);
    appendFileSync(at.path, Buffer.alloc(half, 32));
    using notes = new DurableNotes(at.path);
    expect([notes.size, readFileSync(at.path).equals(whole)]).toEqual([201, true]);
  }
});

/** What has to be noted, and what may still be found by whoever opens the notes anew. */
interface Model {
  notes: DurableNotes;
  readonly noted: Map<string, number>;
  readonly unsettled: Map<string, number>;
}

type Step = (model: Model, path: string) => void;

const noting =
  (name: string, value: number, mustLast: boolean): Step =>
  ({ notes, noted, unsettled }) => {
    if (mustLast) notes.note(id(name), value);
    else notes.noteAnyway(id(name), value);
    noted.set(name, value);
    unsettled.delete(name);
  };

const forgetting =
  (name: string): Step =>
  ({ notes, noted, unsettled }) => {
    notes.forget(id(name));
    const value = noted.get(name);
    if (value !== undefined) unsettled.set(name, value);
    noted.delete(name);
  };

const settling: Step = ({ notes, unsettled }) => {
  notes.settle();
  unsettled.clear();
};

const reopening: Step = (model, path) => {
  model.notes[Symbol.dispose]();
  model.notes = new DurableNotes(path);
  for (const [name, value] of model.unsettled) model.noted.set(name, value);
  model.unsettled.clear();
};

const ofName = fc.constantFrom("a", "b", "c", "long", "lang", "longer still");
const steps = fc.oneof(
  fc.tuple(ofName, fc.integer({ min: 0, max: 2 }), fc.boolean()).map((args) => noting(...args)),
  ofName.map(forgetting),
  fc.constantFrom(settling, reopening),
);

test("whatever is noted, forgotten, settled and opened anew, the last of it counts", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), (all) => {
      using at = place();
      const model: Model = { notes: new DurableNotes(at.path), noted: new Map(), unsettled: new Map() };
      for (const step of all) {
        step(model, at.path);
        expect(notesOf(model.notes)).toEqual(Object.fromEntries(model.noted));
        expect(notesIn(at.path)).toEqual(Object.fromEntries([...model.noted, ...model.unsettled]));
      }
      model.notes[Symbol.dispose]();
    }),
    { numRuns: 200 },
  );
});
