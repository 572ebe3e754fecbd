import { DatabaseSync } from "node:sqlite";

import { expect, test } from "vitest";

import { IdHash } from "../ids/id-hash.ts";
import { arrivalsPlace, idOf as id, namesOf, readerOf, roomWith } from "../testing/arrivals-place.ts";
import { Arrivals } from "./arrivals.ts";
import { openTables } from "./map-schema.ts";
import type { ObjectMap } from "./object-map.ts";

const nothing = () => undefined;
const dir = Buffer.from("dir");
const plain = { mode: 0o100644, size: 1, mtime: -1n, ctime: 2n, hereCtime: 3n };

test("what has arrived is found by either id, by its name, and in its directory", () => {
  for (const find of [
    ({ get }: { get: ObjectMap }) => get.get(id("a"))?.here.toString(),
    ({ get }: { get: ObjectMap }) => get.byHere(Buffer.from("at-id-a"), undefined)?.here.toString(),
    ({ get }: { get: ObjectMap }) => (get.isKnown(id("a")) ? get.get(id("a"))?.here.toString() : undefined),
    ({ get }: { get: ObjectMap }) => get.children(dir, Buffer.from("a"), Buffer.from("a"))[0]?.object.here.toString(),
    ({ get }: { get: ObjectMap }) => namesOf(get, id("a")).map(() => "at-id-a")[0],
  ]) {
    const place = arrivalsPlace();
    place.map.begin();
    place.arrive(dir, "a", "b");
    place.arrive(Buffer.from("other"), "c");
    expect(find({ get: place.map })).toBe("at-id-a");
    place.map.commit();
    const found = place.map.get(id("a"));
    expect(found).toMatchObject({ mode: 0o100640, size: 3, mtime: -5_000_000_001n, ctime: 7n, id: id("a") });
    expect([namesOf(place.map, id("a")), namesOf(place.map, id("c"))]).toEqual([["dir/a"], ["other/c"]]);
    expect(place.map.isKnown(id("d"))).toBe(false);
  }
});

test("what waits is there after the next start, and sorted in when there is time", () => {
  const place = arrivalsPlace();
  place.map.begin();
  place.arrive(dir, "a", "b");
  place.arrive(Buffer.from("other"), "c");
  expect(place.map.settleSome(nothing)).toBe(false); // a batch is under way
  place.map.commit();
  place.reopen();
  expect(place.map.settleSome(nothing)).toBe(true);
  expect(place.map.settleSome(nothing)).toBe(false);
  place.reopen();
  expect(place.map.settleSome(nothing)).toBe(false);
  expect(["a", "b", "c"].map((name) => namesOf(place.map, id(name)))).toEqual([["dir/a"], ["dir/b"], ["other/c"]]);
});

test("what a batch that was taken back has brought is gone", () => {
  const place = arrivalsPlace();
  place.map.begin();
  place.arrive(dir, "kept");
  place.map.commit();
  place.map.begin();
  place.arrive(dir, "gone");
  expect(place.map.isKnown(id("gone"))).toBe(true); // all are sorted in by this, and taken back, too
  place.arrive(dir, "never");
  place.map.rollback();
  for (let round = 0; round < 2; round++) {
    expect(["kept", "gone", "never"].map((name) => place.map.isKnown(id(name)))).toEqual([true, false, false]);
    place.reopen();
  }
});

test("a name that got another object meanwhile keeps that one", () => {
  const place = arrivalsPlace();
  place.map.begin();
  place.arrive(dir, "name", "other");
  place.map.putNew({ id: id("later"), here: Buffer.from("l"), ...plain }, { parent: dir, name: Buffer.from("name") });
  place.map.commit();
  expect(place.map.isKnown(id("name"))).toBe(true);
  expect([namesOf(place.map, id("later")), namesOf(place.map, id("name"))]).toEqual([["dir/name"], []]);
});

test("names, objects and whole directories of what has arrived are removed as any others", () => {
  const place = arrivalsPlace();
  place.map.begin();
  place.arrive(dir, "a", "b", "c");
  place.map.removeName({ parent: dir, name: Buffer.from("a") });
  place.map.removeNamesOf(id("b"));
  expect(["a", "b", "c"].map((name) => namesOf(place.map, id(name)))).toEqual([[], [], ["dir/c"]]);
  place.arrive(dir, "d");
  place.map.replaceDirectory(dir, Buffer.from("anew"));
  expect(namesOf(place.map, id("d"))).toEqual(["anew/d"]);
  place.arrive(Buffer.from("anew"), "e");
  place.map.removeTree(Buffer.from("anew"));
  place.map.commit();
  expect(["c", "d", "e"].map((name) => place.map.isKnown(id(name)))).toEqual([false, false, false]);
  place.map.begin();
  place.arrive(Buffer.from("other"), "f");
  place.map.removeObject(Buffer.from("other"));
  expect([place.map.isKnown(Buffer.from("other")), namesOf(place.map, id("f"))]).toEqual([false, []]);
  place.arrive(Buffer.from("other"));
  place.map.clear();
  expect(place.map.isKnown(id("f"))).toBe(false);
  place.map.commit();
});

test("of many files that come one after the other no more is remembered than of some times those that may wait", () => {
  using database = new DatabaseSync(":memory:");
  openTables(database);
  const arrivals = new Arrivals(database, 20);
  let known = 0;
  for (let index = 0; index < 300; index++) {
    const file = readerOf(dir, [`${index}`]);
    file.next();
    const here = `at-${index}`;
    const directory = 1 + (index % 2);
    arrivals.add(directory, index, file, new IdHash().of(file.id), roomWith(here)); // each in a row of its own
    while (arrivals.isFull) arrivals.take();
    expect(arrivals.has(file.id) && arrivals.mayBeHere(Buffer.from(here))).toBe(true);
    expect([directory, 3 - directory].map((of) => arrivals.hasName(of, Buffer.from(`${index}`)))).toEqual([true, false]); // prettier-ignore
    const earlier = Array.from({ length: index }, (_, at) => arrivals.has(id(`${at}`)));
    known = Math.max(known, earlier.filter(Boolean).length);
  }
  expect(arrivals.waiting).toBe(20);
  expect(known).toBeGreaterThanOrEqual(20);
  expect(known).toBeLessThanOrEqual(80);
});

test("of many directories that nobody asks about no more are remembered than of some times those that may wait", () => {
  using database = new DatabaseSync(":memory:");
  openTables(database);
  const arrivals = new Arrivals(database, 20);
  const file = readerOf(dir, ["name"]);
  file.next();
  let known = 0;
  for (let index = 0; index < 300; index++) {
    arrivals.add(index, index, file, new IdHash().of(file.id), roomWith("here"));
    while (arrivals.isFull) arrivals.take();
    const all = Array.from({ length: index + 1 }, (_, directory) => arrivals.mayHoldNamesIn(directory));
    expect(all.slice(-arrivals.waiting)).not.toContain(false);
    known = Math.max(known, all.filter(Boolean).length);
  }
  expect(known).toBeLessThanOrEqual(81); // one is learned before room is made for it
});
