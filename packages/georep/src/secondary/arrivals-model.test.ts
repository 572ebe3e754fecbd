import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { close, lookAtFile, open, O_DIRECTORY, O_RDONLY } from "@belay/linux";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";

import { FillReader } from "../rpc/fill-messages.ts";
import { readId } from "../rpc/messages.ts";
import { WireReader } from "../rpc/wire.ts";
import { roomWith } from "../testing/arrivals-place.ts";
import { fillOf } from "../testing/new-file.ts";
import { ObjectMap } from "./object-map.ts";

// One map that sorts in what arrives at once, and one that does it when it has to: nobody may see a difference.

const ids = Array.from({ length: 8 }, (_, index) => Buffer.from(`object-${index}`));
const directories = ids.slice(0, 3);
const others = ids.slice(1);
const names = ["a", "b", "c"].map((name) => Buffer.from(name));
const ofAny = fc.integer({ min: 0, max: ids.length - 1 }).map((index) => ids[index] ?? Buffer.alloc(0));
const ofOther = fc.constantFrom(...others);
const ofName = fc.constantFrom(...names);

type Step = (map: ObjectMap) => void;

const place = fc.record({ parent: fc.constantFrom(...directories), name: ofName });
const plain = (id: Buffer, size: number) => ({
  id,
  here: Buffer.from(`here-${id.toString()}`),
  mode: 0o100644,
  size,
  mtime: 1n,
  ctime: 2n,
  hereCtime: 3n,
});

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(ofOther, place).map(
      ([id, at]) =>
        (map: ObjectMap) =>
          arrive(map, id, at),
    ),
  },
  { weight: 2, arbitrary: fc.tuple(ofOther, fc.nat(9)).map(([id, size]) => (map: ObjectMap) => map.put(plain(id, size))) }, // prettier-ignore
  { weight: 2, arbitrary: fc.tuple(ofOther, place).map(([id, at]) => (map: ObjectMap) => map.isKnown(id) || map.putNew(plain(id, 1), at)) }, // prettier-ignore
  {
    weight: 2,
    arbitrary: fc.tuple(ofOther, place).map(
      ([id, at]) =>
        (map: ObjectMap) =>
          map.putName(at, id),
    ),
  },
  place.map((at) => (map: ObjectMap) => map.removeName(at)),
  ofOther.map((id) => (map: ObjectMap) => map.removeNamesOf(id)),
  ofOther.map((id) => (map: ObjectMap) => map.removeObject(id)),
  ofOther.map((id) => (map: ObjectMap) => map.removeTree(id)),
  fc.tuple(ofOther, ofOther).map(
    ([old, by]) =>
      (map: ObjectMap) =>
        old !== by && map.replaceDirectory(old, by),
  ),
  ofAny.map((id) => (map: ObjectMap) => map.get(id)),
  ofAny.map((id) => (map: ObjectMap) => map.namesOf(id)),
  fc.constantFrom(endInOrder, takeBack),
);

function endInOrder(map: ObjectMap): void {
  map.commit();
  map.settleSome(() => undefined);
  map.begin();
}

function takeBack(map: ObjectMap): void {
  map.rollback();
  map.begin();
}

const looked = mkdtempSync(join(tmpdir(), "belay-test-arrivals-"));

// As the receiving end does: only what is not known, into a directory that is.
function arrive(map: ObjectMap, id: Buffer, { parent, name }: { parent: Buffer; name: Buffer }): void {
  const directory = map.numberOf(parent);
  const file = { id, cName: Buffer.concat([name, Buffer.of(0)]), mode: 0o100600, uid: 0, gid: 0, mtime: 5n, ctime: 6n };
  const request = new WireReader(fillOf(parent, [{ ...file, content: Buffer.from("x") }]));
  readId(request);
  const reader = new FillReader(request);
  if (!reader.next() || directory === undefined || map.isKnownFile(reader)) return;
  const fd = open(looked, O_RDONLY | O_DIRECTORY);
  lookAtFile(fd);
  close(fd);
  map.putFilled(directory, reader, roomWith(`here-${id.toString()}`));
}

function seen(map: ObjectMap): unknown {
  const sorted = <T>(list: readonly T[], key: (each: T) => string) => list.map(key).sort();
  return ids.map((id) => ({
    object: map.get(id),
    here: map.byHere(Buffer.from(`here-${id.toString()}`), undefined)?.id,
    names: sorted(map.namesOf(id), ({ parent, name }) => `${parent.toString()}/${name.toString()}`),
    children: sorted(map.children(id, Buffer.of(0), Buffer.of(0xff)), ({ name, object }) => `${name} ${object.id.toString()}`), // prettier-ignore
  }));
}

function newMap(): ObjectMap {
  const map = new ObjectMap(":memory:");
  for (const id of directories) map.put(plain(id, 0));
  map.begin();
  return map;
}

test("whether what arrives is sorted in at once or later makes no difference that shows", () => {
  onTestFinished(() => rmSync(looked, { recursive: true }));
  fc.assert(
    fc.property(fc.array(steps, { minLength: 3, maxLength: 20 }), (all) => {
      using atOnce = newMap();
      using later = newMap();
      for (const step of all) {
        step(atOnce);
        atOnce.byHere(Buffer.from("nobody"), undefined);
        step(later);
      }
      expect(seen(later)).toEqual(seen(atOnce));
    }),
    { numRuns: 600 },
  );
});
