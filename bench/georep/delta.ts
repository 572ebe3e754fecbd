import { execFileSync } from "node:child_process";
import { appendFileSync, closeSync, copyFileSync, openSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

import { replicate } from "../../packages/georep/src/monitor/replicate.ts";
import { benchPlace, has, secondaryThrough } from "./place.ts";
import { childOf, figuresOf } from "./process-figures.ts";
import { makeLargeFile } from "./trees.ts";

// A large file changes a little: `node bench/georep/delta.ts [PARENT [MIB]]`. Bytes sent, seconds and the most memory, through a connection and by a copy
// of our own, with rsync beside.
const [parent, mib = "1024"] = process.argv.slice(2);
await using place = await benchPlace(parent);
const { source } = place;
const file = join(source, "large");
makeLargeFile(file, Number(mib) * 1024 * 1024);
let turn = 0;

const changes: readonly (readonly [string, () => void])[] = [
  ["1 byte of it", changeByte],
  ["1 MiB appended", () => appendFileSync(file, Buffer.alloc(1024 * 1024, ++turn))],
  ["1 byte put before it", insertByte],
];

for (const isLocal of [false, true]) {
  const to = place.fresh("destination");
  const how = isLocal ? {} : { secondaryCommand: secondaryThrough([], to) };
  await using worker = await replicate(source, to, { session: "bench", state: place.fresh("state"), ...how });
  await worker.checkpoint();
  for (const [what, change] of changes) {
    const { bytes } = worker.status;
    change();
    const start = performance.now();
    await worker.checkpoint();
    say(
      what,
      start,
      `belay, ${isLocal ? "local copy, written" : "connection, sent"} ${worker.status.bytes - bytes} bytes`,
    );
  }
  const memory = [process.pid, childOf(process.pid, "secondary") ?? 0].map((pid) => figuresOf(pid).most);
  process.stdout.write(`most memory of worker and secondary: ${memory.join(", ")} MB\n`);
}
if (has("rsync")) {
  const to = join(place.fresh("destination"), "large");
  execFileSync("rsync", ["-a", file, to]);
  for (const [what, change] of changes) {
    change();
    const start = performance.now();
    const stats = execFileSync("rsync", ["-a", "--inplace", "--no-whole-file", "--stats", file, to]).toString();
    const sent = /Total bytes sent: ([\d,]+)/.exec(stats)?.[1] ?? "?";
    execFileSync("sync", ["-f", to]);
    say(what, start, `rsync --inplace, sent ${sent} bytes`);
  }
}

function say(what: string, start: number, how: string): void {
  const seconds = ((performance.now() - start) / 1000).toFixed(2);
  process.stdout.write(`${mib} MiB, ${what}: ${how}, ${seconds} s\n`);
}

function changeByte(): void {
  const fd = openSync(file, "r+");
  writeSync(fd, Buffer.of(++turn), 0, 1, Math.floor(statSync(file).size / 2) + turn);
  closeSync(fd);
}

// In place: the file stays the same one.
function insertByte(): void {
  const copy = join(source, "..", "copy");
  copyFileSync(file, copy);
  const [from, to] = [openSync(copy, "r"), openSync(file, "r+")];
  writeSync(to, Buffer.of(++turn), 0, 1, 0);
  const piece = Buffer.allocUnsafe(16 * 1024 * 1024);
  for (let at = 0, length = 1; length > 0; at += length) {
    length = readSync(from, piece, 0, piece.length, at);
    writeSync(to, piece, 0, length, at + 1);
  }
  for (const fd of [from, to]) closeSync(fd);
  rmSync(copy);
}
