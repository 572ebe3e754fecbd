import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeFileAtomic } from "../index.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "belay-test-"));
});
afterAll(() => rm(directory, { recursive: true }));

test("a file is replaced as a whole, with a mode, and nothing is left beside it", async () => {
  const path = join(directory, "cursor");
  await writeFileAtomic(path, Buffer.from("one"), { mode: 0o600 });
  await writeFileAtomic(path, Buffer.from([0, 255]));
  expect(await readFile(path)).toEqual(Buffer.from([0, 255]));
  expect((await stat(path)).mode & 0o777).toBe(0o644);
  expect(await readdir(directory)).toEqual(["cursor"]);
});

test("when it cannot be replaced the old content stays and the temporary file goes", async () => {
  const path = join(directory, "taken");
  await writeFileAtomic(join(directory, "cursor"), Buffer.from("kept"));
  await mkdir(path);
  await expect(writeFileAtomic(path, Buffer.from("x"))).rejects.toMatchObject({ code: "EISDIR" });
  expect((await readdir(directory)).sort()).toEqual(["cursor", "taken"]);
});

test.skipIf(process.getuid?.() !== 0)("a file system that is full: the error says which file it was", async () => {
  const full = join(directory, "full");
  await mkdir(full);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "none", full]);
  try {
    const path = join(full, "state");
    const failed = { code: "ENOSPC", path, message: expect.stringContaining(path) as string };
    await expect(writeFileAtomic(path, Buffer.alloc(100_000, 1))).rejects.toMatchObject(failed);
    expect(await readdir(full)).toEqual([]);
  } finally {
    execFileSync("umount", [full]);
  }
});
