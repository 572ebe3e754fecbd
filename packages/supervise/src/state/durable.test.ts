import type { PathLike } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { writeFileAtomic } from "./write-file-atomic.ts";

const steps = vi.hoisted((): string[] => []);

vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...fs,
    open: async (path: PathLike, ...options: [string, number?]): Promise<FileHandle> => {
      const file = await fs.open(path, ...options);
      const sync = file.sync.bind(file);
      file.sync = async () => {
        await sync();
        steps.push(`sync ${(await file.stat()).isDirectory() ? "directory" : "file"}`);
      };
      return file;
    },
    rename: async (from: PathLike, to: PathLike) => {
      await fs.rename(from, to);
      steps.push("rename");
    },
  };
});

test("the content is on the disk before it gets its name, and the name before it is said to be done", async () => {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-durable-"));
  try {
    await writeFileAtomic(join(directory, "state"), Buffer.from("new"));
    expect(steps).toEqual(["sync file", "rename", "sync directory"]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
