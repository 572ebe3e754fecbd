import { writeFileSync, readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { errno } from "../errno/errno-table.ts";
import { close, open } from "../files/open.ts";
import { pwriteRaw } from "../files/io.ts";
import { O_RDWR } from "../files/open-flags.ts";
import { tempDir } from "../testing/temp-dir.ts";
import { MADV_DONTNEED, MAP_PRIVATE, PROT_NONE, PROT_READ, PROT_WRITE } from "./map-flags.ts";
import { addressOf, allocatePages, mmap, pageSize } from "./mapping.ts";

const page = pageSize();

test("a mapped file shows its bytes, and takes what is written", () => {
  using dir = tempDir();
  writeFileSync(dir.file("f"), Buffer.alloc(2 * page, "a"));
  const fd = open(dir.file("f"), O_RDWR);
  using mapping = mmap({ fd, length: 2 * page, protection: PROT_READ | PROT_WRITE });
  close(fd);
  const bytes = mapping.view();
  bytes[page] = 0x42;
  mapping.sync();
  expect(
    readFileSync(dir.file("f"))
      .subarray(page - 1, page + 2)
      .toString(),
  ).toBe("aBa");
  expect(mapping.view(page, 2)).toEqual(new Uint8Array([0x42, 0x61]));
  expect(addressOf(mapping.view(page))).toBe(mapping.address + page);
});

test("mapped memory is on page boundaries and holds what it is given", () => {
  using memory = allocatePages(3 * page);
  expect(memory.address % page).toBe(0);
  const view = memory.view(page, page);
  view.fill(7);
  expect(memory.inCore()).toEqual(new Uint8Array([0, 1, 0]));
  memory.advise(MADV_DONTNEED, page, page);
  expect(view[0]).toBe(0);
  expect(() => memory.view(page, 3 * page)).toThrow(RangeError);
});

test("an offset into a file is mapped, privately", () => {
  using dir = tempDir();
  writeFileSync(dir.file("f"), Buffer.concat([Buffer.alloc(page, "a"), Buffer.alloc(page, "b")]));
  const fd = open(dir.file("f"), O_RDWR);
  using mapping = mmap({ fd, length: page, offset: page, flags: MAP_PRIVATE, protection: PROT_READ | PROT_WRITE });
  expect(mapping.view()[0]).toBe(0x62);
  mapping.view()[0] = 0;
  expect(readFileSync(dir.file("f"))[page]).toBe(0x62);
  close(fd);
});

test("part of a mapping is replaced under its views", () => {
  using dir = tempDir();
  writeFileSync(dir.file("f"), Buffer.alloc(page, "f"));
  const fd = open(dir.file("f"), O_RDWR);
  using memory = allocatePages(2 * page);
  const view = memory.view();
  memory.replace(page, { fd, length: page });
  close(fd);
  expect([view[0], view[page]]).toEqual([0, 0x66]);
});

test("a view reads zeros after unmap instead of ending the process", () => {
  using memory = allocatePages(page);
  const view = memory.view();
  view.fill(1);
  memory.unmap();
  expect(view.every((byte) => byte === 0)).toBe(true);
  expect(memory.mapped).toBe(false);
  expect(() => memory.view()).toThrow(RangeError);
  memory.unmap();
});

test("a mapping without views is gone at once", () => {
  using dir = tempDir();
  writeFileSync(dir.file("f"), "");
  const fd = open(dir.file("f"), O_RDWR);
  const memory = allocatePages(page);
  expect(pwriteRaw(fd, memory.address, 1, 0)).toBe(1);
  memory.unmap();
  expect(pwriteRaw(fd, memory.address, 1, 0)).toBe(-errno.EFAULT);
  close(fd);
});

test("protected memory cannot be read by the kernel either", () => {
  using dir = tempDir();
  writeFileSync(dir.file("f"), "");
  const fd = open(dir.file("f"), O_RDWR);
  using memory = allocatePages(page);
  memory.view()[0] = 1;
  expect(pwriteRaw(fd, memory.address, 1, 0)).toBe(1);
  memory.protect(PROT_NONE);
  expect(pwriteRaw(fd, memory.address, 1, 0)).toBe(-errno.EFAULT);
  close(fd);
});

test("mapping nothing is refused", () => {
  expect(() => mmap({ length: 0 })).toThrow(expect.objectContaining({ code: "EINVAL", syscall: "mmap" }));
});
