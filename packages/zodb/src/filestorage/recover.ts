import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { damaged } from "./damage.ts";
import type { Generation } from "./generation.ts";
import { readAt } from "./read-at.ts";
import { goesOnBehind } from "./walk-back.ts";

const CHUNK = 1 << 20;

/**
 * Cuts off what a crash left behind the last finished transaction, as the next writer has to. Anything that
 * may be of interest is kept beside, in the first free of `<path>.tr0`, `.tr1` …
 *
 * @param generation  open for writing, by the holder of the write lock
 * @returns where the bytes were saved; undefined: there was nothing worth it
 * @throws ZodbError `EDAMAGED` when finished transactions follow: no crash leaves that, and they are not to be cut off
 */
export function cutTornTail(generation: Generation): string | undefined {
  const { path, fd, pos, stop } = generation;
  if (stop === "end") return undefined;
  if (goesOnBehind(fd, fstatSync(fd).size, pos)) throw damaged(path, pos, "no transaction");
  const saved = stop === "short" ? undefined : saveTail(path, fd, pos);
  ftruncateSync(fd, pos);
  fsyncSync(fd);
  generation.stop = "end";
  return saved;
}

function saveTail(path: string, fd: number, pos: number): string {
  const [name, out] = createNext(path);
  try {
    const bytes = Buffer.allocUnsafe(CHUNK);
    const size = fstatSync(fd).size;
    for (let at = pos; at < size;) {
      const count = readAt(fd, bytes, Math.min(CHUNK, size - at), at);
      for (let done = 0; done < count;) done += writeSync(out, bytes, done, count - done);
      at += count;
    }
    fsyncSync(out);
  } finally {
    closeSync(out);
  }
  return name;
}

function createNext(path: string): [string, number] {
  for (let n = 0; ; n++) {
    try {
      return [`${path}.tr${n}`, openSync(`${path}.tr${n}`, "wx", 0o666)];
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}
