import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { close, open, O_DIRECTORY, O_RDONLY } from "@belay/linux";
import { expect, test } from "vitest";

import { fileIdAt, type FileId } from "../ids/file-id.ts";
import { stateDirectoryName } from "../tree/compare.ts";
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

test.runIf(process.geteuid?.() === 0)(
  "a root that is moved is found where it is, and what then lies at its old place is no part of it",
  () => {
    const base = mkdtempSync(join(tmpdir(), "belay-test-georep-"));
    const [old, moved] = [join(base, "source"), join(base, "elsewhere")];
    mkdirSync(join(old, "below"), { recursive: true });
    try {
      using tree = openSourceTree(old);
      expect(opens(tree, idOf(join(old, "below")))).toBe(true);
      renameSync(old, moved);
      mkdirSync(join(old, "other"), { recursive: true });
      expect(opens(tree, idOf(join(old, "other")))).toBe(false);
      expect(opens(tree, idOf(join(moved, "below")))).toBe(true);
      // Through the old name the root is seen again, but not as a part of the mount in which paths are told.
      execFileSync("mount", ["--bind", moved, old]);
      try {
        expect(opens(tree, idOf(join(moved, "below")))).toBe(true);
        expect(opens(tree, idOf(base))).toBe(false);
      } finally {
        execFileSync("umount", ["-l", old]);
      }
      expect(opens(tree, idOf(join(old, "other")))).toBe(false);
      renameSync(join(moved, "below"), join(base, "out"));
      expect(opens(tree, idOf(join(base, "out")))).toBe(false);
      renameSync(join(base, "out"), join(moved, "below"));
      mkdirSync(join(moved, stateDirectoryName, "deep"), { recursive: true });
      expect(opens(tree, idOf(join(moved, stateDirectoryName, "deep")))).toBe(false);
      expect(opens(tree, idOf(join(moved, "below")))).toBe(true);
      const gone = idOf(join(moved, "below"));
      rmSync(join(moved, "below"), { recursive: true });
      expect(opens(tree, gone)).toBe(false);
    } finally {
      rmSync(base, { recursive: true });
    }
  },
);

test.runIf(process.geteuid?.() === 0)(
  "a root whose parent is moved, with a link to it left behind, has all that lies in it",
  () => {
    const base = mkdtempSync(join(tmpdir(), "belay-test-georep-"));
    const [old, moved] = [join(base, "parent"), join(base, "moved")];
    mkdirSync(join(old, "source", "below"), { recursive: true });
    try {
      using tree = openSourceTree(join(old, "source"));
      const below = idOf(join(old, "source", "below"));
      expect(opens(tree, below)).toBe(true);
      renameSync(old, moved);
      symlinkSync(moved, old);
      expect(opens(tree, below)).toBe(true);
      expect(opens(tree, idOf(base))).toBe(false);
    } finally {
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
