import { FixedMemory } from "@belay/linux";
import fc from "fast-check";
import { expect, test } from "vitest";

import { fillOf, type NewFile } from "../testing/new-file.ts";
import { FillReader, mostContents, FillWriter } from "./fill-messages.ts";
import { maxInline, readId } from "./messages.ts";
import { WireReader } from "./wire.ts";

const directory = Buffer.from("dir");
// Nothing is ever read there.
const shared = { address: 0x7000_0000_0000, length: 2 * mostContents };
const slot = { offset: mostContents, address: 0x6000_0000_0000 + mostContents };

function newFile(name: string, size: number): NewFile {
  const ids = { id: Buffer.from(name), cName: Buffer.from(`${name}\0`) };
  return { ...ids, mode: 0o100644, uid: 1, gid: 2, mtime: 3n, ctime: 4n, content: Buffer.alloc(size, name) };
}

function readerOf(message: Buffer, memory?: typeof shared): FillReader {
  const request = new WireReader(message);
  readId(request);
  return new FillReader(request, memory);
}

const refused = expect.objectContaining({ code: "EPROTO" }) as unknown;

test("contents lie one after the other where it is said, and take no room in the message", () => {
  const files = [newFile("a", 100), newFile("empty", 0), newFile("b", maxInline), newFile("c", 1)];
  const message = fillOf(directory, files, slot);
  expect(message.length).toBeLessThan(500);
  const reader = readerOf(message, shared);
  const places: [string, number, number][] = [];
  while (reader.next())
    places.push([reader.id.toString(), reader.contentAddress - shared.address - slot.offset, reader.size]);
  expect(places).toEqual([["a", 0, 100], ["empty", 100, 0], ["b", 100, maxInline], ["c", 100 + maxInline, 1]]); // prettier-ignore
});

test("contents that would lie outside of the memory, or where none is shared, are refused", () => {
  const message = fillOf(directory, [newFile("a", 100), newFile("b", 100)], slot);
  expect(() => readerOf(message)).toThrow(refused);
  expect(() => readerOf(message, { ...shared, length: slot.offset - 1 })).toThrow(refused);
  const reader = readerOf(message, { ...shared, length: slot.offset + 199 });
  expect(reader.next()).toBe(true);
  expect(() => reader.next()).toThrow(refused);
  const all = readerOf(message, { ...shared, length: slot.offset + 200 });
  expect([all.next(), all.next(), all.next()]).toEqual([true, true, false]);
});

test("nothing is written beyond a slot", () => {
  const writer = new FillWriter(new FixedMemory(4096), directory, slot);
  const owner = { mode: 0o100644, uid: 0, gid: 0 };
  expect(writer.contentRoom(0, mostContents)).toBe(slot.address);
  writer.take(owner, 1, 2, mostContents - 10);
  expect(writer.contentRoom(0, 10)).toBe(slot.address + mostContents - 10);
  expect(() => writer.contentRoom(0, 11)).toThrow(RangeError);
  expect(writer.beside).toBe(mostContents - 10);
});

test("whatever a message says, contents are in it or in what is shared", () => {
  const sound = fillOf(directory, [newFile("a", 50), newFile("b", 60)], { offset: 0, address: 0 });
  const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255));
  const memory = { address: shared.address, length: 120 };
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const message = Buffer.from(sound);
      for (const [at, byte] of changes) message[at] = byte;
      try {
        for (const reader = readerOf(message, memory); reader.next();) {
          const offset = reader.contentAddress - memory.address;
          const isInMessage = reader.nameEnd + reader.size <= reader.bytes.length;
          expect(isInMessage || (offset >= 0 && offset + reader.size <= memory.length)).toBe(true);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: "EPROTO" });
      }
    }),
    { numRuns: 2000 },
  );
});
