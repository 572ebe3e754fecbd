import { linkSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, UTIME_OMIT, utimensat } from "@belay/linux";
import { expect, test } from "vitest";

import { makePair, within } from "./replica.ts";

/** More than are filled at once. */
const many = 4100;

function makeFiles(directory: string, count: number, content: string): void {
  mkdirSync(directory, { recursive: true });
  for (let i = 0; i < count; i++) writeFileSync(join(directory, `file-${i}`), `${content} ${i}`);
}

test(
  "a first copy of many directories, large, small, deep and empty ones, with all kinds of files between the small ones",
  { timeout: 120_000 },
  async () => {
    using pair = makePair();
    const at = (name: string): string => join(pair.source, name);
    for (let i = 0; i < 120; i++) makeFiles(at(`d${i}`), i % 40, `in ${i}`);
    makeFiles(at("large"), many, "large");
    mkdirSync(at("large/inner/empty"), { recursive: true });
    let deep = at("deep");
    for (let i = 0; i < 60; i++, deep = join(deep, "below")) makeFiles(deep, 2, `depth ${i}`);
    writeFileSync(at("d7/not-so-small"), Buffer.alloc(3_000_000, 7));
    linkSync(at("d20/file-3"), at("d21/also"));
    symlinkSync("nowhere", at("d22/link"));
    await using worker = await pair.start();
    await worker.checkpoint(within(90_000));
    expect(pair.differences()).toEqual([]);
    expect(readdirSync(join(pair.destination, ".belay-georep/test/held"))).toEqual([]);
    const names = readdirSync(pair.source, { recursive: true }).length;
    expect(worker.status.failures).toBe(0);
    expect(worker.status.entries, "each name once, nearly").toBeLessThan(names + 100);
  },
);

test(
  "files change and come, and directories are renamed, while they are copied for the first time",
  { timeout: 120_000 },
  async () => {
    using pair = makePair();
    const at = (name: string): string => join(pair.source, name);
    for (let i = 0; i < 60; i++) makeFiles(at(`d${i}`), 50, `in ${i}`);
    await using worker = await pair.start();
    for (let i = 0; i < 400; i++) {
      writeFileSync(at(`d${(7 * i) % 60}/file-${i % 50}`), `changed ${i}`);
      writeFileSync(at(`d${(11 * i) % 60}/new-${i}`), `new ${i}`);
      if (i % 50 === 49) {
        renameSync(at(`d${i % 60}`), at("moved"));
        renameSync(at(`d${(i + 30) % 60}`), at(`d${i % 60}`));
        renameSync(at("moved"), at(`d${(i + 30) % 60}`));
      }
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await worker.checkpoint(within(90_000));
    expect(pair.differences()).toEqual([]);
  },
);

test("files and directories of the year 2300 are copied as any others, and nothing stands still for them", async () => {
  using pair = makePair();
  const at = (name: string): string => join(pair.source, name);
  makeFiles(at("far"), 3, "small");
  writeFileSync(at("far/not-so-small"), Buffer.alloc(3_000_000, 7));
  symlinkSync("nowhere", at("far/link"));
  const farOff = ["far/file-1", "far/not-so-small", "far/link", "far"];
  for (const name of farOff)
    utimensat(AT_FDCWD, at(name), UTIME_OMIT, 10_413_792_000_000_000_005n, AT_SYMLINK_NOFOLLOW);
  await using worker = await pair.start();
  await worker.checkpoint(within(20_000));
  expect(pair.differences()).toEqual([]);
  writeFileSync(at("far/file-1"), "other");
  writeFileSync(at("far/new"), "new");
  await worker.checkpoint(within(20_000));
  expect(pair.differences()).toEqual([]);
  expect(worker.status.failures).toBe(0);
});
