import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { close, open, O_DIRECTORY, O_RDONLY } from "@belay/linux";
import { expect, onTestFinished, test } from "vitest";

import { RootPath } from "./root-path.ts";

function openRoot() {
  const base = mkdtempSync(join(tmpdir(), "belay-test-root-"));
  const path = join(base, "root");
  mkdirSync(path);
  const fd = open(path, O_RDONLY | O_DIRECTORY);
  onTestFinished(() => {
    close(fd);
    rmSync(base, { recursive: true });
  });
  const root = new RootPath(fd);
  return { base, path, now: () => root.now().toString() };
}

test("a root's path follows the root, whatever comes to where it was", () => {
  const { base, path, now } = openRoot();
  expect([now(), now()]).toEqual([path, path]);
  const moved = join(base, "moved");
  renameSync(path, moved);
  expect(now()).toBe(moved);
  mkdirSync(path);
  expect(now()).toBe(moved);
  renameSync(path, join(base, "other"));
  renameSync(moved, path);
  symlinkSync(path, moved);
  expect(now()).toBe(path);
  rmSync(path, { recursive: true });
  expect(now()).toBe(`${path} (deleted)`);
});

test.runIf(process.geteuid?.() === 0)("another mount of the root at its old place is not where its paths begin", () => {
  const { base, path, now } = openRoot();
  expect(now()).toBe(path);
  const moved = join(base, "moved");
  renameSync(path, moved);
  mkdirSync(path);
  execFileSync("mount", ["--bind", moved, path]);
  try {
    expect(now()).toBe(moved);
  } finally {
    execFileSync("umount", ["-l", path]);
  }
});
