import { expect, test } from "vitest";
import { parsePinRequest } from "./pin-request.ts";

test("pins and unpins are understood", () => {
  expect(parsePinRequest("pin 0000000000000abc #12 @03e1aaaaaaaaaaaa")).toEqual({
    oid: 0xabcn,
    blk: 12,
    rev: 0x03e1aaaaaaaaaaaan,
  });
  expect(parsePinRequest("pin 0000000000000001 #0 @head")).toEqual({ oid: 1n, blk: 0, rev: undefined });
});

test.each([
  ["pun 0000000000000001 #0 @head", "not a pin request"],
  ["pin 0000000000000001 #0", "expected 3 arguments, got 2"],
  ["pin 0000000000000001 #0 @head ", "expected 3 arguments, got 4"],
  ["pin 1 #0 @head", "invalid foid"],
  ["pin 0000000000000001 0 @head", "invalid blk"],
  ["pin 0000000000000001 #-1 @head", "invalid blk"],
  ["pin 0000000000000001 #99999999999999999999 @head", "invalid blk"],
  ["pin 0000000000000001 #0 head", "invalid at"],
  ["pin 0000000000000001 #0 @123", "invalid at"],
])("%s is refused", (message, why) => {
  expect(() => parsePinRequest(message)).toThrow(`bad pin: '${message}': ${why}`);
});
