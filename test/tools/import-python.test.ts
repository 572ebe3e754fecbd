import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importFile, type ImportOptions } from "@belay/wcfs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { havePython, readWithPython } from "../python/read-with-python.ts";

const blockSize = 16_384;

let directory: string;
let zurl: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), "belay-test-import-python-"))));
afterAll(() => rmSync(directory, { recursive: true }));

async function store(content: Uint8Array, options: Partial<ImportOptions>): Promise<void> {
  const input = join(directory, "input");
  writeFileSync(input, content);
  await importFile({ zurl, input, placement: { kind: "new" }, createDatabase: true, name: "big", ...options });
}

describe.skipIf(!havePython)("Python's ZODB", () => {
  test.each(["ZBlk0", "ZBlk1", "auto"] as const)(
    "reads every block of a file written as %s, and finds its trees in order",
    async (format) => {
      zurl = `file://${join(directory, `${format}.fs`)}`;
      const blocks = 150;
      const data = Buffer.alloc((blocks + 1) * blockSize);
      randomBytes(blocks * blockSize + 5000).copy(data);
      data.fill(0, 40_000, 120_000);
      const options = { format, blockSize, transactionSize: 10 * blockSize };
      await store(data.subarray(0, blocks * blockSize + 5000), options);

      // Over full blocks, into a hole, and over it.
      const patch = randomBytes(29_000);
      await store(patch, { format, placement: { kind: "offset", offset: 30_000 } });
      patch.copy(data, 30_000);
      // What a block had at its end goes.
      await store(Buffer.alloc(12_000), { format, placement: { kind: "offset", offset: 160_000 } });
      data.fill(0, 160_000, 172_000);

      expect(readWithPython(zurl, "big").equals(data)).toBe(true);
    },
  );
});
