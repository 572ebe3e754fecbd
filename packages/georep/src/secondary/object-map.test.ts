import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect, test } from "vitest";

import { ObjectMap } from "./object-map.ts";

test("the children of a directory are told with every byte of their names and ids", () => {
  using map = new ObjectMap(":memory:");
  const parent = Buffer.from([0, 1, 0]);
  const object = (id: number[], here: number[]) => ({
    id: Buffer.from(id),
    here: Buffer.from(here),
    mode: 0o100644,
    size: -1,
    mtime: -5n,
    ctime: 1_700_000_000_123_456_789n,
    hereCtime: 2n ** 62n,
  });
  map.put(object([0, 1, 0], [9]));
  const known = [
    { name: Buffer.from([0xff, 0x0a]), object: object([0, 0xff, 0, 0x80], [0, 0]) },
    { name: Buffer.from("b"), object: object([0xc3, 0x28], [0xff, 0, 0x41]) },
    { name: Buffer.from("z"), object: object([7], [8]) },
  ];
  for (const { name, object: each } of known) {
    map.put(each);
    map.putName({ parent, name }, each.id);
  }
  const expected = known.map((each) => ({ name: each.name.toString("latin1"), object: each.object }));
  const all = map.children(parent, Buffer.from("b"), Buffer.from([0xff, 0x0a]));
  expect(all.sort((a, b) => Number(a.name < b.name) - Number(a.name > b.name))).toEqual([
    expected[0],
    expected[2],
    expected[1],
  ]);
  expect(map.children(parent, Buffer.from("c"), Buffer.from("z"))).toEqual([expected[2]]);
  expect(map.children(Buffer.from([1]), Buffer.from("b"), Buffer.from("z"))).toEqual([]);
});

const plain = { mode: 0o100644, size: 1, mtime: 1n, ctime: 2n, hereCtime: 3n };

test("ids whose keys are the same are different objects", () => {
  using map = new ObjectMap(":memory:");
  const [one, other] = ["one", "two"].map((end) => Buffer.from(`........same${end}`));
  if (one === undefined || other === undefined) throw new Error("no ids");
  map.put({ id: one, here: other, ...plain });
  expect([map.isKnown(other), map.get(other), map.byHere(one, undefined)]).toEqual([false, undefined, undefined]);
  map.put({ id: other, here: one, ...plain, size: 2 });
  expect([
    map.get(one)?.size,
    map.get(other)?.size,
    map.byHere(one, undefined)?.size,
    map.byHere(other, undefined)?.size,
  ]).toEqual([1, 2, 2, 1]);
});

test("a tree is forgotten but for what has names elsewhere, and what comes after it has nothing of it", () => {
  using map = new ObjectMap(":memory:");
  const id = (text: string) => Buffer.from(text);
  const names = (text: string) =>
    map.namesOf(id(text)).map(({ parent, name }) => `${parent.toString()}/${name.toString()}`);
  for (const each of ["root", "top", "inner", "file", "linked"]) map.put({ id: id(each), here: id(each), ...plain });
  const links = [
    ["root", "t", "top"],
    ["top", "i", "inner"],
    ["inner", "f", "file"],
    ["inner", "l", "linked"],
    ["root", "l", "linked"],
  ];
  for (const [parent = "", name = "", object = ""] of links)
    map.putName({ parent: id(parent), name: id(name) }, id(object));
  map.removeName({ parent: id("root"), name: id("t") });
  map.removeTree(id("top"));
  expect(["top", "inner", "file", "linked"].map((each) => map.get(id(each)) !== undefined)).toEqual([
    false,
    false,
    false,
    true,
  ]);
  expect(names("linked")).toEqual(["root/l"]);
  map.removeObject(id("linked"));
  for (const each of ["new", "newer"]) {
    map.putNew({ id: id(each), here: id(each), ...plain }, { parent: id("root"), name: id(each) });
    expect(names(each)).toEqual([`root/${each}`]);
    expect(map.children(id(each), id("a"), id("z"))).toEqual([]);
  }
});

test.each([false, true])("a directory takes over what is in another (it is known: %s)", (isKnown) => {
  using map = new ObjectMap(":memory:");
  const [root, old, by, file] = ["root", "old", "by", "file"].map((text) => Buffer.from(text));
  if (root === undefined || old === undefined || by === undefined || file === undefined) throw new Error("no ids");
  for (const id of [root, old, file]) map.put({ id, here: id, ...plain });
  map.putName({ parent: root, name: old }, old);
  map.putName({ parent: old, name: file }, file);
  if (isKnown) map.put({ id: by, here: by, ...plain });
  map.replaceDirectory(old, by);
  map.put({ id: by, here: old, ...plain });
  expect([map.get(old), map.namesOf(old), map.namesOf(by)]).toEqual([undefined, [], []]);
  expect(map.namesOf(file)).toEqual([{ parent: by, name: file }]);
  expect(map.byHere(old, undefined)?.id).toEqual(by);
});

test("a map in another form is forgotten, one in this form is not", () => {
  const directory = mkdtempSync(join(tmpdir(), "belay-map-"));
  const path = join(directory, "map.sqlite");
  const id = Buffer.from("id");
  try {
    const old = new DatabaseSync(path);
    old.exec("CREATE TABLE objects (id BLOB PRIMARY KEY) WITHOUT ROWID; INSERT INTO objects VALUES (x'00')");
    old.close();
    for (const isKnown of [false, true]) {
      using map = new ObjectMap(path);
      expect([map.isKnown(id), map.fact("replica") !== undefined]).toEqual([isKnown, isKnown]);
      map.put({ id, here: id, ...plain });
      map.putFact("replica", id);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("of what was taken back nothing is remembered", () => {
  using map = new ObjectMap(":memory:");
  const [root, other, child] = ["root", "other", "child"].map((text) => Buffer.from(text));
  if (root === undefined || other === undefined || child === undefined) throw new Error("no ids");
  map.begin();
  for (const id of [root, child]) map.put({ id, here: id, ...plain });
  map.putName({ parent: root, name: child }, child);
  map.rollback();
  expect([map.isBegun, map.get(root), map.namesOf(child)]).toEqual([false, undefined, []]);
  map.begin();
  for (const id of [other, root, child]) map.put({ id, here: id, ...plain });
  map.putName({ parent: root, name: child }, child);
  map.commit();
  expect(map.namesOf(child)).toEqual([{ parent: root, name: child }]);
});

test("a name that cannot be noted, as the batch is taken back just then, is an error", () => {
  const directory = mkdtempSync(join(tmpdir(), "belay-map-"));
  const path = join(directory, "map.sqlite");
  try {
    using map = new ObjectMap(path);
    const [root, one, two] = ["root", "one", "two"].map((text) => Buffer.from(text));
    if (root === undefined || one === undefined || two === undefined) throw new Error("no ids");
    map.put({ id: root, here: root, ...plain });
    const other = new DatabaseSync(path);
    other.exec(`CREATE TRIGGER full BEFORE INSERT ON names WHEN EXISTS (SELECT 1 FROM names)
                BEGIN SELECT RAISE(ROLLBACK, 'no room'); END`);
    other.close();
    map.begin();
    map.putNew({ id: one, here: one, ...plain }, { parent: root, name: one });
    expect(() => map.putNew({ id: two, here: two, ...plain }, { parent: root, name: two })).toThrow("no room");
    expect([map.isBegun, map.namesOf(one), map.namesOf(two)]).toEqual([false, [], []]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
