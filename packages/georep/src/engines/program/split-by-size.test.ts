import { expect, test } from "vitest";

import { splitBySize } from "./split-by-size.ts";

const mib = 1024 * 1024;
const files = (...sizes: number[]) => sizes.map((size) => ({ size: size * mib }));
const shared = (sizes: number[], most: number) =>
  splitBySize(files(...sizes), most).map((share) => share.map(({ size }) => size / mib));

test("large files are shared out evenly, small ones go together", () => {
  expect(shared([1, 30, 10, 10, 10], 3)).toEqual([[30], [10, 10], [10, 1]]);
  expect(shared([1, 1, 1], 3)).toEqual([[1, 1, 1]]);
  expect(shared([10, 10], 3)).toEqual([[10], [10]]);
  expect(shared([100], 3)).toEqual([[100]]);
  expect(shared([100, 0, 0], 1)).toEqual([[100, 0, 0]]);
  expect(shared([], 3)).toEqual([]);
});
