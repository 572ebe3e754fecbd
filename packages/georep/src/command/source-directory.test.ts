import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeCommandPlace } from "../testing/command-place.ts";
import { directoryOfSource } from "./source-directory.ts";

test("a directory of the source is found however it is written, and nothing outside of it", () => {
  using place = makeCommandPlace();
  place.directory("src/a/..b");
  writeFileSync(join(place.path, "src/a/file"), "");
  const source = { scheme: "file", body: "", path: join(place.path, "src") } as const;
  const find = (given: string) => directoryOfSource({ source }, given);
  for (const given of ["a", "./a/", "a/..b/..", `${source.path}/a`]) expect(find(given), given).toBe("a");
  for (const given of ["", ".", "a/..", source.path, `${source.path}/`]) expect(find(given), given).toBe("");
  expect(find("a/..b")).toBe("a/..b");
  for (const given of ["..", "../x", "a/../../x", "/", place.path, `${source.path}x`])
    expect(() => find(given), given).toThrow(expect.objectContaining({ code: "EUSAGE" }));
  expect(() => find("b")).toThrow(expect.objectContaining({ code: "ENOENT" }));
  expect(() => find("a/file")).toThrow(
    expect.objectContaining({ code: "ENOTDIR", hint: "name the one it is in: --path a" }),
  );
});
