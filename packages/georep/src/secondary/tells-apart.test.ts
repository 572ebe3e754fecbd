import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  close,
  lookAtFile,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_PATH,
  O_WRONLY,
  open,
  openat,
  unlinkat,
} from "@belay/linux";
import { expect, onTestFinished, test } from "vitest";

import { statIdAt } from "../ids/file-id.ts";
import { tellsApart } from "./tells-apart.ts";

function opened(path: string): number {
  const fd = open(path, O_PATH | O_DIRECTORY);
  onTestFinished(() => close(fd));
  return fd;
}

function temporary(): number {
  const path = mkdtempSync(join(tmpdir(), "belay-test-tells-apart-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return opened(path);
}

test("where it is said, each of many files that one number may be given to has an id of its own", ({ skip }) => {
  const dirfd = temporary();
  skip(!tellsApart(dirfd), "inode number and btime do not tell files apart here");
  const name = Buffer.from("f");
  const ids = Array.from({ length: 2000 }, () => {
    const fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    expect(lookAtFile(fd)).toBe(0);
    const id = statIdAt(fd, "").toString("hex");
    close(fd);
    unlinkat(dirfd, name);
    return id;
  });
  expect(new Set(ids).size).toBe(2000);
});

test("where nothing can be made it is not said", () => {
  expect(tellsApart(opened("/proc"))).toBe(false);
});
