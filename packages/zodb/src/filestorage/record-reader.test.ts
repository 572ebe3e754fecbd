import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RECORD_READ, RecordReader } from "./record-reader.ts";

const SIZE = 300_000;

/** A file in which each four bytes tell their offset. */
function withFile(use: (fd: number) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
  const path = join(directory, "data");
  const bytes = Buffer.alloc(SIZE);
  for (let at = 0; at < SIZE; at += 4) bytes.writeUInt32LE(at, at);
  writeFileSync(path, bytes);
  const fd = openSync(path, "r+");
  try {
    use(fd);
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
}

function bytesRead(): number {
  return Number(/^rchar: (\d+)/m.exec(readFileSync("/proc/thread-self/io", "latin1"))?.[1]);
}

function readAll(reader: RecordReader, offsets: readonly number[]): void {
  for (const offset of offsets) {
    const at = reader.at(offset);
    const length = Math.min(RECORD_READ, SIZE - offset);
    expect(reader.length).toBe(length);
    expect(reader.view.getUint32(at, true)).toBe(offset);
    expect(reader.view.getUint32(at + length - 4, true)).toBe(offset + length - 4);
  }
}

const offsets = Array.from({ length: 60 }, (_, i) => 4200 * i);

test.each([
  ["forwards", offsets],
  ["backwards", offsets.toReversed()],
  ["to and fro", offsets.map((offset, i) => (i % 2 === 0 ? offset : SIZE - 200 - offset))],
])("records are the same whether read %s", (_, order) => {
  withFile((fd) => readAll(new RecordReader(fd, () => SIZE), order));
});

test("neighbours are read together, in both directions; what lies far apart is read alone", () => {
  withFile((fd) => {
    for (const order of [offsets, offsets.toReversed()]) {
      const before = bytesRead();
      readAll(new RecordReader(fd, () => SIZE), order);
      const overhead = bytesRead() - before;
      expect(overhead).toBeGreaterThan(SIZE / 2);
      expect(overhead).toBeLessThan(2 * SIZE);
    }
    const before = bytesRead();
    readAll(new RecordReader(fd, () => SIZE), [0, 100_000, 200_000, 4, 120_000]);
    expect(bytesRead() - before).toBeLessThan(5 * RECORD_READ + 1000);
  });
});

test("neighbours are still known after records elsewhere were read", () => {
  withFile((fd) => {
    const order = offsets.slice(0, 40).flatMap((offset, i) => (i % 10 === 9 ? [offset, 280_000] : [offset]));
    const before = bytesRead();
    readAll(new RecordReader(fd, () => SIZE), order);
    expect(bytesRead() - before).toBeLessThan(1.5 * 40 * 4200);
  });
});

test("what may still have changed is read again", () => {
  withFile((fd) => {
    let limit = 8000;
    const reader = new RecordReader(fd, () => limit);
    readAll(reader, [0, 4000]);
    writeSync(fd, Buffer.from("new!"), 0, 4, 12_000);
    limit = SIZE;
    const at = reader.at(12_000);
    expect(reader.bytes.toString("latin1", at, at + 4)).toBe("new!");
  });
});
