import { expect, test } from "vitest";
import { bytesForm } from "./record-form.ts";

/** A record as ZODB writes it: the class, then its state as one byte string. */
function record(name: string, state: Buffer, tail = "."): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(state.length);
  return Buffer.concat([
    Buffer.from(`\x80\x03cwendelin.bigfile.file_zodb\n${name}\nq\x01.\x80\x03B`, "latin1"),
    length,
    state,
    Buffer.from(tail),
  ]);
}

test.each([
  ["ZData", 4096, "q\x02."],
  ["ZData", 17, "."],
  ["ZData", 0, "."],
  ["ZBlk0", 4096, "r\x02\0\0\0."],
  ["ZBlk0", 5, "."],
  ["ZData", 70_000, "."],
])("the bytes of a %s of %d are found, whatever was looked at before", (name, length, tail) => {
  const state = Buffer.alloc(length, "state");
  const bytes = record(name, state, tail);
  const form = bytesForm(bytes.subarray(0, 200), bytes.length);
  expect(form).toMatchObject({ module: "wendelin.bigfile.file_zodb", name });
  const { offset = 0, length: found = 0 } = form?.place ?? {};
  expect(bytes.subarray(offset, offset + found).equals(state)).toBe(true);
});

test("a record that begins like others but has another length is left to the decoder", () => {
  const bytes = record("ZData", Buffer.alloc(4096));
  expect(bytesForm(bytes.subarray(0, 200), bytes.length)?.place).toBeDefined();
  expect(bytesForm(bytes.subarray(0, 200), bytes.length + 100)).toMatchObject({ name: "ZData", place: undefined });
  expect(bytesForm(bytes.subarray(0, 30), bytes.length)).toBeUndefined();
});
