import { openSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { mmap } from "@belay/linux";
import { textOfBlock } from "./page-content.ts";

const { path, length, blksize } = workerData as { path: string; length: number; blksize: number };
const mapping = mmap({ fd: openSync(path, "r"), length });
const bytes = Buffer.from(mapping.view().buffer, 0, length);
parentPort?.postMessage(mapping.address);

/** What a block says, judged by every byte of it. */
function blockText(blk: number): string {
  return `${blk}=${textOfBlock(bytes.subarray(blk * blksize, (blk + 1) * blksize))}`;
}

parentPort?.on("message", (blocks: number) => {
  parentPort?.postMessage(Array.from({ length: blocks }, (_, blk) => blockText(blk)));
});
