import { expect, test } from "vitest";
import { utf8Pieces } from "./utf8-pieces.ts";

const pieces = (...bytes: number[]) => [...utf8Pieces(Buffer.from(bytes))];

test("text is one piece", () => {
  const text = "\ufeffa\nü€\u{1f600}\u0000";
  expect([...utf8Pieces(Buffer.from(text))]).toEqual([text]);
  expect(pieces()).toEqual([""]);
});

test("bytes that are no text are told one by one, and nothing beside them is lost", () => {
  expect(pieces(0x61, 0xff, 0xc3, 0xbc)).toEqual(["a", 0xff, "ü"]);
  expect(pieces(0xe2, 0x82)).toEqual([0xe2, 0x82]); // cut off
  expect(pieces(0xc0, 0x80, 0x80)).toEqual([0xc0, 0x80, 0x80]); // longer than need be
  expect(pieces(0xed, 0xa0, 0x80, 0x62)).toEqual([0xed, 0xa0, 0x80, "b"]); // half of a pair
  expect(pieces(0xf4, 0x90, 0x80, 0x80)).toEqual([0xf4, 0x90, 0x80, 0x80]); // beyond Unicode
});
