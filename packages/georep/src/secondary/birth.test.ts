import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { fileChange } from "../testing/file-change.ts";
import { birthOf, isBornRight } from "./birth.ts";

const birth = { uid: 1, gid: 2, umask: 0o022, isBare: true };
const change = fileChange("id", { uid: 1, gid: 2 });

test("only a file that needs nothing set counts as right from its birth", () => {
  expect(isBornRight(birth, change)).toBe(true);
  expect(isBornRight(undefined, change)).toBe(false);
  expect(isBornRight({ ...birth, isBare: false }, change)).toBe(false);
  const xattrs = [{ name: Buffer.from("user.a"), value: Buffer.from("b") }];
  for (const other of [{ mode: 0o100664 }, { mode: 0o104644 }, { uid: 3 }, { gid: 3 }, { xattrs }])
    expect(isBornRight(birth, { ...change, ...other })).toBe(false);
});

test("what files are born with is seen in one", () => {
  const directory = mkdtempSync(join(tmpdir(), "belay-birth-"));
  const fd = openSync(join(directory, "file"), "wx", 0o666);
  try {
    const rules = { syncXattrs: true, syncAcls: true, ignoreDeletes: false, setsConflictsAside: true };
    const [uid, gid] = [process.geteuid?.(), process.getegid?.()];
    const born = birthOf(fd, rules);
    expect(born).toMatchObject({ uid, gid, isBare: true });
    expect(fstatSync(fd).mode & 0o777).toBe(0o666 & ~born.umask);
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
});
