import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { formatTid } from "@belay/zodb";
import type { SparseFile } from "./sparse-file.ts";
import { inWorld, range } from "./world.ts";

const SECONDS = 5;
const BLOCKS = 200;
const scanner = fileURLToPath(new URL("./scanner.child.ts", import.meta.url));

/** How many commits a second are taken in while isolated readers go over the file, each at its own moment. */
export async function commits(): Promise<void> {
  for (const count of [0, 4]) {
    await inWorld(BLOCKS, async ({ file, mountpoint }) => {
      file.write(range(BLOCKS), "first");
      const scanners = range(count).map(() => startScanner(mountpoint, file));
      const lines = scanners.map((child) => createInterface({ input: child.stdout ?? process.stdin }));
      await Promise.all(lines.map((line) => once(line, "line")));
      const { made, seconds } = commitAsFastAsPossible(file, mountpoint);
      const results = lines.map(async (line) => JSON.parse(String((await once(line, "line"))[0])) as Scanned);
      for (const child of scanners) child.stdin?.end();
      const scanned = await Promise.all(results);
      const sum = (of: (one: Scanned) => number) => scanned.reduce((total, one) => total + of(one), 0);
      const megabytes = sum(({ bytes, seconds }) => bytes / seconds) / 1e6;
      console.log(
        `commits of one block taken in a second beside ${count} isolated readers: ${(made / seconds).toFixed(0)}; ` +
          `the readers: ${megabytes.toFixed(0)} MB/s, ${sum(({ passes, seconds }) => passes / seconds).toFixed(1)} moments a second`,
      );
    });
  }
}

/** What a reader did while there were commits. */
export interface Scanned {
  readonly bytes: number;
  readonly passes: number;
  readonly seconds: number;
}

function startScanner(mountpoint: string, file: SparseFile): ChildProcess {
  const args = [scanner, mountpoint, String(file.oid), String(BLOCKS)];
  return spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
}

/** Until head has shown the last of them. */
function commitAsFastAsPossible(
  file: SparseFile,
  mountpoint: string,
): { readonly made: number; readonly seconds: number } {
  const start = performance.now();
  const passed = () => (performance.now() - start) / 1000;
  let made = 0;
  let last = 0n;
  for (; passed() < SECONDS; made++) last = file.write([made % BLOCKS], `commit ${made}`);
  while (readFileSync(join(mountpoint, "head/at"), "latin1") < formatTid(last));
  return { made, seconds: passed() };
}
