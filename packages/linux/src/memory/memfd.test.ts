import { execFileSync } from "node:child_process";
import { readlinkSync } from "node:fs";

import { expect, test } from "vitest";

import { addSeals, F_SEAL_SEAL, F_SEAL_SHRINK, getSeals } from "../files/descriptor-flags.ts";
import { ftruncate, pread } from "../files/io.ts";
import { O_RDONLY } from "../files/open-flags.ts";
import { close, open } from "../files/open.ts";
import { tempDir } from "../testing/temp-dir.ts";
import { PROT_READ, PROT_WRITE } from "./map-flags.ts";
import { mmap, pageSize } from "./mapping.ts";
import { memfdCreate } from "./memfd.ts";

test("memory is shared by whoever opens it, and no child has it", () => {
  const fd = memfdCreate("belay-test");
  ftruncate(fd, pageSize());
  using mapping = mmap({ fd, length: pageSize(), protection: PROT_READ | PROT_WRITE });
  const other = open(`/proc/self/fd/${fd}`, O_RDONLY);
  expect(readlinkSync(`/proc/self/fd/${fd}`)).toMatch(/memfd:belay-test/);
  mapping.view()[3] = 7;
  const bytes = Buffer.alloc(4);
  expect(pread(other, bytes, 0)).toBe(4);
  expect([...bytes]).toEqual([0, 0, 0, 7]);
  expect(execFileSync("ls", ["-l", "/proc/self/fd"]).toString()).not.toContain("memfd:belay-test");
  close(fd);
  close(other);
});

test("what is sealed gets no shorter, and says so", () => {
  const fd = memfdCreate("belay-test");
  ftruncate(fd, pageSize());
  expect(getSeals(fd)).toBe(0);
  addSeals(fd, F_SEAL_SHRINK | F_SEAL_SEAL);
  expect(getSeals(fd)).toBe(F_SEAL_SHRINK | F_SEAL_SEAL);
  expect(() => ftruncate(fd, 1)).toThrow(expect.objectContaining({ code: "EPERM" }));
  expect(() => addSeals(fd, F_SEAL_SHRINK)).toThrow(expect.objectContaining({ code: "EPERM" }));
  close(fd);
});

test("an ordinary file has no seals", () => {
  using dir = tempDir();
  const fd = open(dir.path, O_RDONLY);
  expect(() => getSeals(fd)).toThrow(expect.objectContaining({ code: "EINVAL" }));
  close(fd);
});
