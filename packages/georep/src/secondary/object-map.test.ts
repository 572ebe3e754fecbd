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
