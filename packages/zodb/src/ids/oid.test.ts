import { expect, test } from "vitest";
import { formatOid, oidFromBytes, oidToBytes, parseOid } from "./oid.ts";

test("text and bytes give the oid back", () => {
  expect(formatOid(parseOid("00000000000000FF"))).toBe("00000000000000ff");
  expect(oidFromBytes(oidToBytes(0xfedcba9876543210n))).toBe(0xfedcba9876543210n);
  expect(oidFromBytes(Buffer.concat([Buffer.from("xy"), oidToBytes(7n)]), 2)).toBe(7n);
  expect(() => parseOid("12")).toThrow(expect.objectContaining({ code: "EFORMAT" }));
});
