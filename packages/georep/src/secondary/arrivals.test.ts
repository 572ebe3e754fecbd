import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { close, lookAtFile, open, O_RDONLY } from "@belay/linux";
import { expect, onTestFinished, test } from "vitest";

import { FillReader } from "../rpc/fill-messages.ts";
import { readId } from "../rpc/messages.ts";
import { WireReader } from "../rpc/wire.ts";
import { fillOf } from "../testing/new-file.ts";
import { ObjectMap } from "./object-map.ts";

const nothing = () => undefined;
const dir = Buffer.from("dir");
const plain = { mode: 0o100644, size: 1, mtime: -1n, ctime: 2n, hereCtime: 3n };

function openMap() {
  const base = mkdtempSync(join(tmpdir(), "belay-test-arrivals-"));
  mkdirSync(base, { recursive: true });
  writeFileSync(join(base, "looked"), "");
  let map = new ObjectMap(join(base, "map"));
  onTestFinished(() => {
    map[Symbol.dispose]();
    rmSync(base, { recursive: true });
  });
  map.begin();
  for (const id of [dir, Buffer.from("other")]) map.put({ id, here: Buffer.from(`here-${String(id)}`), ...plain });
  map.commit();
  return {
    get map() {
      return map;
    },
    arrive: (parent: Buffer, ...names: string[]) => arrive(map, base, parent, names),
    reopen: () => {
      map[Symbol.dispose]();
      map = new ObjectMap(join(base, "map"));
    },
  };
}

function arrive(map: ObjectMap, base: string, parent: Buffer, names: string[]): void {
  const files = names.map((name) => ({
    id: Buffer.from(`id-${name}`),
    cName: Buffer.from(`${name}\0`),
    mode: 0o100640,
    uid: 1,
    gid: 2,
    mtime: -5_000_000_001n,
    ctime: 7n,
    content: Buffer.from("abc"),
  }));
  const request = new WireReader(fillOf(parent, files));
  readId(request);
  const reader = new FillReader(request);
  const num = map.numberOf(parent) ?? NaN;
  const fd = open(join(base, "looked"), O_RDONLY);
  lookAtFile(fd);
  while (reader.next()) map.putFilled(num, reader, Buffer.from(`at-${reader.id.toString()}`), 3 + reader.id.length);
  close(fd);
}

const id = (name: string) => Buffer.from(`id-${name}`);
const namesOf = (map: ObjectMap, of: Buffer) =>
  map.namesOf(of).map(({ parent, name }) => `${parent.toString()}/${name.toString()}`);

test("what has arrived is found by either id, by its name, and in its directory", () => {
  for (const find of [
    ({ get }: { get: ObjectMap }) => get.get(id("a"))?.here.toString(),
    ({ get }: { get: ObjectMap }) => get.byHere(Buffer.from("at-id-a"))?.here.toString(),
    ({ get }: { get: ObjectMap }) => (get.isKnown(id("a")) ? get.get(id("a"))?.here.toString() : undefined),
    ({ get }: { get: ObjectMap }) => get.children(dir, Buffer.from("a"), Buffer.from("a"))[0]?.object.here.toString(),
    ({ get }: { get: ObjectMap }) => namesOf(get, id("a")).map(() => "at-id-a")[0],
  ]) {
    const place = openMap();
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
  const place = openMap();
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
  const place = openMap();
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
  const place = openMap();
  place.map.begin();
  place.arrive(dir, "name", "other");
  place.map.putNew({ id: id("later"), here: Buffer.from("l"), ...plain }, { parent: dir, name: Buffer.from("name") });
  place.map.commit();
  expect(place.map.isKnown(id("name"))).toBe(true);
  expect([namesOf(place.map, id("later")), namesOf(place.map, id("name"))]).toEqual([["dir/name"], []]);
});

test("names, objects and whole directories of what has arrived are removed as any others", () => {
  const place = openMap();
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
