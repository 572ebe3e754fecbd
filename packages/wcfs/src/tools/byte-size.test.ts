import { expect, test } from "vitest";
import { parseByteSize } from "./byte-size.ts";

test("sizes are read with and without a unit", () => {
  expect(["0", "4096", "64k", "2M", "2MiB", "1G", "1T"].map(parseByteSize)).toEqual([
    0, 4096, 65536, 2097152, 2097152, 1073741824, 1099511627776,
  ]);
});

test.each(["", "M", "-1", "1.5M", "2X", "99999999999T"])("%s is refused", (text) => {
  expect(() => parseByteSize(text)).toThrow(/is no number of bytes/);
});
