import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { close, lookAtFile, open, O_RDONLY } from "@belay/linux";
import { onTestFinished } from "vitest";

import { IdRoom } from "../ids/file-id.ts";
import { FillReader } from "../rpc/fill-messages.ts";
import { readId } from "../rpc/messages.ts";
import { WireReader } from "../rpc/wire.ts";
import { ObjectMap } from "../secondary/object-map.ts";
import { fillOf } from "./new-file.ts";

const plain = { mode: 0o100644, size: 1, mtime: -1n, ctime: 2n, hereCtime: 3n };

/** Name of a file that arrives, and its mtime in nanoseconds since 1970. */
type Arriving = string | { readonly name: string; readonly mtime: bigint };

/** A map on disk with the directories `dir` and `other`. */
export function arrivalsPlace() {
  const base = mkdtempSync(join(tmpdir(), "belay-test-arrivals-"));
  const path = join(base, "map");
  writeFileSync(join(base, "looked"), "");
  let map = new ObjectMap(path);
  onTestFinished(() => {
    map[Symbol.dispose]();
    rmSync(base, { recursive: true });
  });
  map.begin();
  for (const id of ["dir", "other"]) map.put({ id: Buffer.from(id), here: Buffer.from(`here-${id}`), ...plain });
  map.commit();
  return {
    path,
    get map() {
      return map;
    },
    /** Files `id-NAME` of these names come into a directory; here they are `at-id-NAME`. */
    arrive: (parent: Buffer, ...names: Arriving[]) => {
      arrive(map, base, parent, readerOf(parent, names));
    },
    reopen: () => {
      map[Symbol.dispose]();
      map = new ObjectMap(path);
    },
  };
}

/** Reads files of these names that come into a directory. */
export function readerOf(parent: Buffer, names: readonly Arriving[]): FillReader {
  const given = names.map((each) => (typeof each === "string" ? { name: each, mtime: -5_000_000_001n } : each));
  const files = given.map(({ name, mtime }) => ({
    id: idOf(name),
    cName: Buffer.from(`${name}\0`),
    mode: 0o100640,
    uid: 1,
    gid: 2,
    mtime,
    ctime: 7n,
    content: Buffer.from("abc"),
  }));
  const request = new WireReader(fillOf(parent, files));
  readId(request);
  return new FillReader(request);
}

function arrive(map: ObjectMap, base: string, parent: Buffer, reader: FillReader): void {
  const num = map.numberOf(parent) ?? NaN;
  const fd = open(join(base, "looked"), O_RDONLY);
  lookAtFile(fd);
  while (reader.next()) map.putFilled(num, reader, roomWith(`at-${reader.id.toString()}`));
  close(fd);
}

/** Room that has an id. */
export function roomWith(id: string): IdRoom {
  const room = new IdRoom();
  room.length = room.memory.bytes.write(id);
  return room;
}

/** Id of a file that has arrived. */
export const idOf = (name: string): Buffer => Buffer.from(`id-${name}`);

/** Names of an object, with the ids of their directories. */
export const namesOf = (map: ObjectMap, of: Buffer): string[] =>
  map.namesOf(of).map(({ parent, name }) => `${parent.toString()}/${name.toString()}`);
