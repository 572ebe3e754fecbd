import { openSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { mmap, pageSize } from "@belay/linux";

const { path, length, blksize } = workerData as { path: string; length: number; blksize: number };
const mapping = mmap({ fd: openSync(path, "r"), length });
const bytes = Buffer.from(mapping.view().buffer, 0, length);
parentPort?.postMessage(mapping.address);

/** What a block says: the text before the zeros of each of its pages, once if all say the same. */
function blockText(blk: number): string {
  const texts = new Set<string>();
  for (let at = blk * blksize; at < (blk + 1) * blksize; at += pageSize()) {
    const end = bytes.indexOf(0, at);
    texts.add(bytes.toString("latin1", at, end < 0 ? at + 64 : Math.min(end, at + 64)));
  }
  return `${blk}=${[...texts].join("|")}`;
}

parentPort?.on("message", (blocks: number) => {
  parentPort?.postMessage(Array.from({ length: blocks }, (_, blk) => blockText(blk)));
});
