import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { havePython } from "./harness/json-child.ts";
import { Reader } from "./harness/reader.ts";
import { startServer } from "./harness/server.ts";
import { scratch } from "./harness/world.ts";

const SAMPLES = fileURLToPath(new URL("../data/zblk", import.meta.url));
const BLK = 2 << 20;
const SERIAL = "0285cbac3851eb99";
const names = existsSync(SAMPLES) ? readdirSync(SAMPLES).filter((name) => /^py\d_/.test(name)) : [];

/** Big-endian 32-bit numbers from 0 on. */
function counting(bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  for (let i = 0; i < bytes / 4; i++) buffer.writeUInt32BE(i, 4 * i);
  return buffer;
}

function sha1(...parts: Buffer[]): string {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

const zeros = (bytes: number) => Buffer.alloc(bytes);
const head = counting(131_072);

test("the four sample databases are there", () => expect(names).toHaveLength(4));

test.skipIf(!havePython).each(names)("%s, made by wendelin.core, reads as it was written", async (name) => {
  using dir = scratch();
  const path = join(dir.path, "data.fs");
  copyFileSync(join(SAMPLES, name, "zblk.fs"), path);
  const mnt = dir.directory("mnt");
  await using _server = await startServer(`file://${path}`, mnt);
  await using reader = new Reader(mnt);
  expect(await reader.text("head/at")).toBe(SERIAL);
  for (const space of ["head", `@${SERIAL}`]) {
    const file = `${space}/bigfile/0000000000000001`;
    expect(await reader.blocks(file, BLK)).toEqual({
      size: 4 * BLK,
      blocks: [
        sha1(zeros(BLK)),
        sha1(counting(16_384), zeros(BLK - 16_384)),
        sha1(zeros(BLK)),
        sha1(head, zeros(BLK - 2 * head.length), Buffer.from(head).reverse()),
      ],
    });
    expect(await reader.pread(file, 4 * BLK - 10, 10)).toEqual(Buffer.from(head).reverse().subarray(-10));
    expect(await reader.pread(file, 3 * BLK + 131_072 - 2, 4)).toEqual(Buffer.from([0x7f, 0xff, 0, 0]));
  }
  expect(await reader.errnoOf((r) => r.stat("head/bigfile/0000000000000002"))).toBe("EINVAL");
});
