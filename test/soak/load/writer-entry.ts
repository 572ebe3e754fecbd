/**
 * Writes pages at a rate, and keeps a log of it.
 *
 *     writer-entry.ts DATABASE LOG
 *
 * Prints the file's oid when there is one. For each line `PER_SECOND SECONDS` it commits, and prints how many commits it made in how
 * many milliseconds. The log has a line `<tid> <blk>=<text> …` for each commit.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { BigFiles } from "../../wcfs/isolation/harness/big-files.ts";
import { blockOf, PAGE } from "../../wcfs/isolation/harness/page-content.ts";
import { blocks } from "./shape.ts";

const [path = "", logPath = ""] = process.argv.slice(2);
// The rate is what is asked for: readers must not slow it down.
try {
  setPriority(-10);
} catch {
  // not allowed: then they do
}
await using database = await BigFiles.create(path);
const { oid } = database.createFile(PAGE);
const log = openSync(logPath, "w");
let commits = 0;

function commit(first: number, count: number): void {
  const texts = Array.from({ length: count }, (_, i) => [(first + 7 * i) % blocks, `c${commits}`] as const);
  const changes = Object.fromEntries(texts.map(([blk, text]) => [blk, blockOf(`${text}b${blk}`, PAGE)]));
  const tid = database.write(oid, changes);
  writeSync(
    log,
    `${tid} ${Object.keys(changes)
      .map((blk) => `${blk}=c${commits}b${blk}`)
      .join(" ")}\n`,
  );
  commits++;
}

for (let blk = 0; blk < blocks; blk++) commit(blk, 1);
console.log(oid);
for await (const line of createInterface({ input: process.stdin })) {
  const [perSecond = 0, seconds = 0] = line.split(" ").map(Number);
  const [start, already] = [performance.now(), commits];
  while (performance.now() - start < seconds * 1000) {
    const due = Math.floor(((performance.now() - start) / 1000) * perSecond);
    while (commits - already < due) commit((commits * 5) % blocks, 1 + (commits % 2));
    await sleep(2);
  }
  console.log(`${commits - already} ${Math.round(performance.now() - start)}`);
}
closeSync(log);
