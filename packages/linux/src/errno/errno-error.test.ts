import { statSync } from "node:fs";
import { constants } from "node:os";

import { expect, test } from "vitest";

import { open } from "../files/open.ts";
import { O_RDONLY } from "../files/open-flags.ts";
import { ErrnoError, errnoOf } from "./errno-error.ts";
import { errno, errnoName } from "./errno-table.ts";

test("an error names the call, the errno and the path", () => {
  expect(() => open("/nowhere/at all", O_RDONLY)).toThrow(
    expect.objectContaining({ code: "ENOENT", errno: 2, syscall: "open", path: "/nowhere/at all" }),
  );
  expect(() => open("/nowhere", O_RDONLY)).toThrow("ENOENT: no such file or directory, open '/nowhere'");
});

test("paths that are bytes are shown as text", () => {
  expect(new ErrnoError(errno.EACCES, "mount", Buffer.from("/möunt")).path).toBe("/möunt");
});

test("the errno of Node's own errors is found too", () => {
  let caught: unknown;
  try {
    statSync("/nowhere");
  } catch (error) {
    caught = error;
  }
  expect(errnoOf(caught)).toBe(errno.ENOENT);
  expect(errnoOf(new Error("no system error"))).toBeUndefined();
  expect(errnoOf("ENOENT")).toBeUndefined();
});

test("the numbers agree with Node's", () => {
  for (const [name, number] of Object.entries(constants.errno)) {
    expect([name, (errno as Readonly<Record<string, number>>)[name]]).toEqual([name, number]);
  }
});

test("a number has its most usual name", () => {
  expect(errnoName(11)).toBe("EAGAIN");
  expect(errnoName(95)).toBe("EOPNOTSUPP");
  expect(errnoName(4095)).toBe("E4095");
});
