import { expect, test } from "vitest";
import { formatByteSize, parseByteSize } from "./byte-size.ts";

test("sizes are read with and without a unit", () => {
  expect(["0", "4096", "64k", "2M", "2MiB", "1G", "1T"].map(parseByteSize)).toEqual([
    0, 4096, 65536, 2097152, 2097152, 1073741824, 1099511627776,
  ]);
});

test.each(["", "M", "-1", "1.5M", "2X", "99999999999T"])("%s is refused", (text) => {
  expect(() => parseByteSize(text)).toThrow(/is no number of bytes/);
});

test("sizes are shown with three digits", () => {
  expect([0, 1023, 1024, 1536, 2097152, 268435456, 1023 * 1024].map(formatByteSize)).toEqual([
    "0 B",
    "1023 B",
    "1.00 KiB",
    "1.50 KiB",
    "2.00 MiB",
    "256 MiB",
    "1023 KiB",
  ]);
});
