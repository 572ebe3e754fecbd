import { DatabaseSync } from "node:sqlite";

import { expect, test } from "vitest";

import { arrivalsPlace, idOf as id, namesOf } from "../testing/arrivals-place.ts";

const plain = { mode: 0o100644, size: 1, mtime: 1n, ctime: 2n, hereCtime: 3n };
const [dir, other] = [Buffer.from("dir"), Buffer.from("other")];

/** Has the map fail where a name is written, as one does that has no room: `ROLLBACK` takes the batch back, `ABORT` only the statement. */
function failAt(path: string, name: string, how: "ABORT" | "ROLLBACK"): void {
  using database = new DatabaseSync(path);
  database.exec(`CREATE TRIGGER trouble BEFORE INSERT ON names WHEN NEW.name = x'${Buffer.from(name).toString("hex")}'
                 BEGIN SELECT RAISE(${how}, 'no room'); END`);
}

function endTrouble(path: string): void {
  using database = new DatabaseSync(path);
  database.exec("DROP TRIGGER trouble");
}

test("what is being sorted in is not lost where the database fails in the middle, and a batch goes on", () => {
  const place = arrivalsPlace();
  place.map.begin();
  place.arrive(dir, "a", "b", "c");
  place.map.commit();
  failAt(place.path, "b", "ABORT");
  place.map.begin();
  expect(() => place.map.get(id("a"))).toThrow("no room");
  place.map.commit();
  endTrouble(place.path);
  expect(["a", "b", "c"].map((name) => namesOf(place.map, id(name)))).toEqual([["dir/a"], ["dir/b"], ["dir/c"]]);
});

test("what waits is known after the database has taken a batch back by itself, whatever is asked first", () => {
  for (const ask of [
    ({ map }: ReturnType<typeof arrivalsPlace>) => map.byHere(Buffer.from("at-id-a"), undefined)?.id,
    ({ map }: ReturnType<typeof arrivalsPlace>) => (map.isKnown(id("a")) ? id("a") : undefined),
    ({ map }: ReturnType<typeof arrivalsPlace>) => map.children(dir, Buffer.from("a"), Buffer.from("a"))[0]?.object.id,
  ]) {
    const place = arrivalsPlace();
    place.map.begin();
    place.arrive(dir, "a");
    place.map.commit();
    failAt(place.path, "x", "ROLLBACK");
    place.map.begin();
    expect(place.map.isKnown(id("a"))).toBe(true); // sorted in, and taken back with all else
    const name = { parent: other, name: Buffer.from("x") };
    expect(() => place.map.putNew({ id: id("x"), here: Buffer.from("x"), ...plain }, name)).toThrow("no room");
    expect(place.map.isBegun).toBe(false);
    expect(ask(place)?.toString()).toBe("id-a");
  }
});

test("names that wait in a directory are its own before another one's are moved to it", () => {
  const place = arrivalsPlace();
  place.map.begin();
  place.map.putNew({ id: id("old"), here: Buffer.from("o"), ...plain }, { parent: other, name: Buffer.from("name") });
  place.arrive(dir, "name");
  place.map.replaceDirectory(other, dir);
  expect(place.map.children(dir, Buffer.of(0), Buffer.of(0xff)).map(({ object }) => object.id)).toEqual([id("old")]);
  place.map.commit();
});

test.each([
  ["future", 2n ** 62n],
  ["past", -(2n ** 62n)],
])("a time in a %s that is farther off than 64 bits of nanoseconds does no harm", (_, seconds) => {
  const place = arrivalsPlace();
  place.map.begin();
  place.arrive(dir, { name: "a", mtime: seconds * 1_000_000_000n });
  place.map.commit();
  expect(place.map.get(id("a"))?.mtime).toBe(seconds > 0n ? 2n ** 63n - 1n : -(2n ** 63n));
});
