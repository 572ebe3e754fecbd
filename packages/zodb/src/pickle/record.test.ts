import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { blockKeys } from "../btree/keys.ts";
import { decodeBTreeNode } from "../btree/node.ts";
import { SAMPLES, sampleRecords } from "../testing/sample-databases.ts";
import { locateBytesState } from "./locate.ts";
import { decodeRecord, sniffClass } from "./record.ts";
import { bytesOf, isTuple, PersistentRef, PyDict } from "./values.ts";
import { encodeRecord } from "./writer.ts";

const p = (text: string): Buffer => Buffer.from(text, "latin1");

function sequence(bytes: number): Buffer {
  const data = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i += 4) data.writeUInt32BE(i / 4, i);
  return data;
}

function record(records: Map<bigint, Buffer>, oid: bigint): Buffer {
  const found = records.get(oid);
  if (found === undefined) throw new Error(`the sample has no object ${oid}`);
  return found;
}

test.each(SAMPLES)("the objects of %s are what wendelin.core stored", (name) => {
  const records = sampleRecords(name);
  const root = decodeRecord(record(records, 0n));
  expect(root.class).toMatchObject({ module: "persistent.mapping", name: "PersistentMapping" });
  const data = root.state instanceof PyDict ? root.state.get("data") : undefined;
  expect(data instanceof PyDict && data.get("zbigf")).toMatchObject({ oid: 1n });

  const file = decodeRecord(record(records, 1n));
  expect(file.class.name).toBe("ZBigFile");
  expect(isTuple(file.state) && file.state[0]).toBe(2097152);
  expect(isTuple(file.state) && file.state[1]).toBeInstanceOf(PersistentRef);

  expect(Buffer.from(bytesOf(decodeRecord(record(records, 2n)).state) ?? [])).toEqual(sequence(16384));
  for (const each of records.values()) expect(sniffClass(each)?.name).toBe(decodeRecord(each).class.name);
});

test.each(SAMPLES)("the bytes of blocks and chunks of %s can be read in place", (name) => {
  let seen = 0;
  for (const each of sampleRecords(name).values()) {
    const at = locateBytesState(each.subarray(0, 200), each.length);
    const state = bytesOf(decodeRecord(each).state);
    expect(at && Buffer.from(each.subarray(at.offset, at.offset + at.length))).toEqual(state && Buffer.from(state));
    if (at !== undefined) seen++;
  }
  expect(seen).toBe(65);
});

test.each([
  ["\x80\x03cm\nC\nq\x00.\x80\x03C\x03abcq\x01.", 3],
  ["\x80\x03cm\nC\n.\x80\x03C\x00.", 0],
  ["(cm\nC\nq\x00Ntq\x01.U\x03abcq\x02.", 3],
  ["\x80\x03cm\nC\nq\x00)\x86q\x01.\x80\x03B\x03\0\0\0abcr\x01\x01\0\0.", 3],
  ["cm\nC\np0\n.T\x03\0\0\0abc.", 3],
])("the bytes of the record %j lie inside it", (text, length) => {
  const at = locateBytesState(p(text), text.length);
  expect(at?.length).toBe(length);
  expect(text.slice(at?.offset, (at?.offset ?? 0) + length)).toBe("abc".slice(0, length));
});

test.each([
  ["text", "\x80\x03cm\nC\nq\x00.\x80\x03X\x03\0\0\0abcq\x01."],
  ["encoded text", "\x80\x02cm\nC\nq\x00.\x80\x02c_codecs\nencode\nX\x01\0\0\0aX\x06\0\0\0latin1\x86R."],
  ["a literal", "cm\nC\np0\n.S'abc'\np1\n."],
  ["bytes in a tuple", "\x80\x03cm\nC\nq\x00.\x80\x03C\x03abc\x85."],
  ["a length beyond the record", "\x80\x03cm\nC\nq\x00.\x80\x03B\xff\0\0\0abc."],
  ["no state", "\x80\x03cm\nC\nq\x00."],
  ["a cut class", "\x80\x03cm\nC"],
  ["nothing", ""],
])("a record with %s has to be decoded", (_, text) => {
  expect(locateBytesState(p(text), text.length)).toBeUndefined();
});

test("classes are named in all the ways ZODB ever did", () => {
  for (const cls of [
    "cm\nC\n",
    "cm\nC\nN\x86",
    "(cm\nC\nNt",
    "U\x01mU\x01C\x86N\x86",
    "X\x01\0\0\0mX\x01\0\0\0C\x86)\x86",
  ]) {
    expect(decodeRecord(p(`${cls}.N.`)).class).toMatchObject({ module: "m", name: "C" });
  }
  expect(decodeRecord(p("cm\nC\nK\x01\x85\x86.N.")).class.args).toEqual([1]);
  expect(decodeRecord(p("C\x08\0\0\0\0\0\0\0\x05cm\nM\n\x86QN\x86.N.")).class.persistentClass).toMatchObject({
    oid: 5n,
  });
  for (const bad of ["K\x01.N.", "N.N.", "cm\nC\nK\x01\x86.N.", "cm\nC\n."]) {
    expect(() => decodeRecord(p(bad))).toThrow(expect.objectContaining({ code: "EDAMAGED" }));
  }
});

test("the state may refer to what the class put into the memo", () => {
  expect(decodeRecord(p("cm\nC\nq\x05.h\x05\x85.")).state).toEqual([{ module: "m", name: "C" }]);
});

test("a compressed record is expanded", () => {
  const plain = encodeRecord({ module: "m", name: "C" }, "x".repeat(1000));
  const compressed = Buffer.concat([p(".z"), deflateSync(plain)]);
  expect(decodeRecord(compressed).state).toBe("x".repeat(1000));
  expect(sniffClass(compressed)?.toString()).toBe("m.C");
  expect(locateBytesState(compressed, compressed.length)).toBeUndefined();
  expect(() => decodeRecord(compressed.subarray(0, 20))).toThrow(expect.objectContaining({ code: "EDAMAGED" }));
});

test("damaged records give an error and nothing else, and never bytes from beyond their end", () => {
  const samples = SAMPLES.flatMap((name) => [...sampleRecords(name).values()].filter(({ length }) => length < 3000));
  const damage = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.nat(samples.length - 1), damage, fc.nat(), fc.boolean(), (index, damages, length, cut) => {
      let data = Buffer.from(samples[index] ?? []);
      for (const { at, byte } of damages) data[at % data.length] = byte;
      if (cut) data = data.subarray(0, length % data.length);
      const location = locateBytesState(data.subarray(0, 200), data.length);
      if (location !== undefined) expect(location.offset + location.length).toBeLessThan(data.length);
      sniffClass(data);
      try {
        decodeBTreeNode(decodeRecord(data).state, blockKeys);
      } catch (error) {
        expect((error as { code?: string }).code).toMatch(/^(EDAMAGED|EUNSUPPORTED)$/);
      }
    }),
    { numRuns: 5000 },
  );
});
