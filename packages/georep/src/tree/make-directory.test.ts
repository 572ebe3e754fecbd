import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { makeDirectory } from "./make-directory.ts";

test("a directory is made with those that lead to it; what is in the way and what cannot be is told", () => {
  const base = mkdtempSync(join(tmpdir(), "belay-test-mkdir-"));
  try {
    makeDirectory(join(base, "a/b/c"));
    makeDirectory(join(base, "a/b/c/"));
    expect(statSync(join(base, "a/b/c")).isDirectory()).toBe(true);
    writeFileSync(join(base, "file"), "");
    symlinkSync("nowhere", join(base, "dangling"));
    for (const name of ["file", "dangling"])
      expect(() => makeDirectory(join(base, name)), name).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
    expect(() => makeDirectory(join(base, "file/below"))).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
    expect(() => makeDirectory("/proc/nothing/there")).toThrow(expect.objectContaining({ code: "ENOENT" }));
  } finally {
    rmSync(base, { recursive: true });
  }
});
