import { expect, test } from "vitest";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errno, IoVector, O_CREAT, O_RDWR, open, writevRaw } from "@belay/linux";
import { FileWindows } from "./file-windows.ts";
import { fillFrom } from "./fill.ts";
import { gatherFrom } from "./gather.ts";
import type { PlacedPiece } from "./piece.ts";

const MIB = 1 << 20;

interface Place {
  readonly fd: number;
  readonly path: string;
  readonly output: string;
}

function withFile(bytes: Uint8Array, use: (place: Place) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
  const path = join(directory, "data");
  writeFileSync(path, bytes);
  const fd = openSync(path, "r");
  try {
    use({ fd, path, output: join(directory, "output") });
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
}

function numbered(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 4) bytes.writeUInt32LE((at * 2654435761) >>> 0, at);
  return bytes;
}

/** What the kernel takes from where the vector points to; undefined: it has to be copied. */
function gathered(output: string, pieces: readonly PlacedPiece[], from: number, length: number): Buffer | undefined {
  using windows = new FileWindows();
  const vector = new IoVector(1024);
  windows.begin();
  if (!gatherFrom(pieces, windows, vector, from, length)) return undefined;
  const fd = open(output, O_RDWR | O_CREAT, 0o600);
  expect(writevRaw(fd, vector)).toBe(length);
  closeSync(fd);
  return readFileSync(output);
}

test.each([
  [0, 10 * MIB],
  [5, 100],
  [100, 4 * MIB],
  [1_000_000, 3_000_000],
  [9 * MIB, MIB],
])("bytes from %d on for %d are gathered as they are copied", (from, length) => {
  withFile(numbered(9 * MIB), ({ fd, output }) => {
    const pieces = [
      { at: 7, piece: { fd, offset: 4 * MIB - 50, length: 100 } },
      { at: 200, piece: { fd, offset: 13, length: 4096 } },
      { at: 1_100_000, piece: { fd, offset: 3 * MIB + 1, length: 5 * MIB - 100 } },
    ];
    const copied = Buffer.alloc(length, "#");
    fillFrom(pieces, copied, from);
    expect(gathered(output, pieces, from, length)?.equals(copied)).toBe(true);
  });
});

test("bytes in memory, many windows and many pieces are left to copying", () => {
  withFile(numbered(20 * MIB), ({ fd, output }) => {
    const piece = (at: number, offset: number) => ({ at, piece: { fd, offset, length: 10 } });
    expect(gathered(output, [{ at: 0, piece: { bytes: Buffer.alloc(9), length: 9 } }], 0, 9)).toBeUndefined();
    expect(gathered(output, [piece(0, 0), piece(10, 8 * MIB), piece(20, 16 * MIB)], 0, 30)).toBeUndefined();
    const many = Array.from({ length: 1030 }, (_, i) => piece(10 * i, 20 * i));
    expect(gathered(output, many, 0, 10_300)).toBeUndefined();
  });
});

test("windows are reused and replaced, and an answer keeps those it uses", () => {
  withFile(numbered(8 * MIB), ({ fd, output }) => {
    using windows = new FileWindows();
    for (let i = 0; i < 100; i++) {
      const vector = new IoVector(2);
      windows.begin();
      // Beyond the end of the file, too: nothing is read yet.
      expect(windows.add(vector, fd, (i % 20) * 4 * MIB, 4096)).toBe(true);
      expect(windows.add(vector, fd, ((i + 7) % 20) * 4 * MIB, 4096)).toBe(true);
      expect(windows.add(vector, fd, 0, 4096)).toBe(false);
    }
    const vector = new IoVector(2);
    windows.begin();
    expect(windows.add(vector, fd, 40 * MIB, 4096)).toBe(true);
    const out = open(output, O_RDWR | O_CREAT, 0o600);
    expect(writevRaw(out, vector)).toBe(-errno.EFAULT);
    closeSync(out);
  });
});

test("a file that cannot be mapped is copied", () => {
  using windows = new FileWindows();
  const directory = openSync(tmpdir(), "r");
  windows.begin();
  expect(windows.add(new IoVector(1), directory, 0, 10)).toBe(false);
  closeSync(directory);
});
