import { expect, test } from "vitest";
import { parseRecord } from "./record.ts";
import type { RunRecord } from "./record.ts";

const record: RunRecord = {
  version: 1,
  engine: ["podman"],
  image: "bb",
  imageId: "0123456789abcdef",
  imageDigest: `sha256:${"0".repeat(64)}`,
  options: [],
  command: ["true"],
  asUser: false,
  privateNetwork: false,
  cwd: "/",
  exitCode: 0,
  started: "2026-01-01T00:00:00.000Z",
  finished: "2026-01-01T00:00:01.000Z",
  ms: 1000,
};
const refusal = (text: string): string => {
  try {
    parseRecord(text, "x");
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "taken";
};

test("a record is read back, also behind what the command printed, and written by hand over several lines", () => {
  expect(parseRecord(JSON.stringify(record), "x")).toEqual(record);
  expect(parseRecord(`hello\n{\n${JSON.stringify(record)}\n`, "x")).toEqual(record);
  expect(parseRecord(JSON.stringify(record, null, 1), "x")).toEqual(record);
});

test("what is none is refused in one line", () => {
  for (const text of ["", "[]", "7", "null", "{", '{"version":1,"engine":["podman"']) {
    expect(refusal(text)).toBe("x holds no record of a run");
  }
  expect(refusal(JSON.stringify({ ...record, ms: "long" }))).toMatch(/^x holds no record of a run: ms: .*number.*$/);
  expect(refusal(JSON.stringify({ ...record, version: 2 }))).toBe("x is a record of a newer version of this program");
});

test("what the engine would take for options is no image", () => {
  for (const change of [{ image: "--help" }, { imageId: "--privileged" }, { imageDigest: "--all" }, { imageId: "" }]) {
    expect(refusal(JSON.stringify({ ...record, ...change }))).toContain(
      `no record of a run: ${Object.keys(change)[0]}`,
    );
  }
});
