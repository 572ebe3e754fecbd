import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { close, open, O_DIRECTORY, O_RDONLY } from "@belay/linux";
import { expect, test } from "vitest";

import { fileIdAt, type FileId } from "../ids/file-id.ts";
import { openSourceTree, type SourceTree } from "./source-tree.ts";

test.runIf(process.geteuid?.() === 0)(
  "of a tree that is a bind mount, nothing else of the file system is taken for a part, whatever it is called there",
  () => {
    const base = mkdtempSync(join(tmpdir(), "belay-test-georep-"));
    const [fs, bound] = [join(base, "fs"), join(base, "bound")];
    mkdirSync(fs);
    mkdirSync(bound);
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", fs]);
    try {
      mkdirSync(join(fs, "source/below/deep"), { recursive: true });
      // Seen through the bind mount, what lies outside has its path in the file system: here one within that of the bind mount.
      const outside = join(fs, bound, "outside");
      mkdirSync(outside, { recursive: true });
      execFileSync("mount", ["--bind", join(fs, "source"), bound]);
      using tree = openSourceTree(bound);
      expect(opens(tree, idOf(join(fs, "source")))).toBe(true);
      expect(opens(tree, idOf(join(fs, "source/below/deep")))).toBe(true);
      expect(opens(tree, idOf(outside))).toBe(false);
      expect(opens(tree, idOf(fs))).toBe(false);
    } finally {
      for (const path of [bound, fs]) execFileSync("umount", ["-lq", path]);
      rmSync(base, { recursive: true });
    }
  },
);

function idOf(path: string): FileId {
  const fd = open(path, O_RDONLY | O_DIRECTORY);
  try {
    return fileIdAt(fd, "");
  } finally {
    close(fd);
  }
}

function opens(tree: SourceTree, id: FileId): boolean {
  const fd = tree.openDirectory(id);
  if (fd !== undefined) close(fd);
  return fd !== undefined;
}
