import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

import { replicate } from "../../packages/georep/src/monitor/replicate.ts";
import { benchPlace, has, secondaryBeside, secondaryThrough } from "./place.ts";
import { makeLargeFile } from "./trees.ts";

// One byte changes in a large file: `node bench/georep/delta.ts [PARENT [MIB]]`. Bytes sent and seconds, through a connection and by a copy of
// our own, with rsync beside.
const [parent, mib = "1024"] = process.argv.slice(2);
await using place = await benchPlace(parent);
const { source } = place;
const file = join(source, "large");
const size = Number(mib) * 1024 * 1024;
makeLargeFile(file, size);

for (const isLocal of [false, true]) {
  const to = place.fresh("destination");
  const secondaryCommand = isLocal ? secondaryBeside(to) : secondaryThrough([], to);
  await using worker = await replicate(source, to, { session: "bench", state: place.fresh("state"), secondaryCommand });
  await worker.checkpoint();
  const { bytes } = worker.status;
  const start = performance.now();
  change(isLocal ? 1 : 2);
  await worker.checkpoint();
  const seconds = ((performance.now() - start) / 1000).toFixed(2);
  const what = isLocal ? "local copy, written" : "connection, sent";
  process.stdout.write(`1 byte of ${mib} MiB: belay, ${what} ${worker.status.bytes - bytes} bytes, ${seconds} s\n`);
}
if (has("rsync")) {
  const to = join(place.fresh("destination"), "large");
  execFileSync("rsync", ["-a", file, to]);
  change(3);
  const start = performance.now();
  const stats = execFileSync("rsync", ["-a", "--inplace", "--no-whole-file", "--stats", file, to]).toString();
  const sent = /Total bytes sent: ([\d,]+)/.exec(stats)?.[1] ?? "?";
  const seconds = ((performance.now() - start) / 1000).toFixed(2);
  process.stdout.write(`1 byte of ${mib} MiB: rsync --inplace, sent ${sent} bytes, ${seconds} s\n`);
}

function change(value: number): void {
  const fd = openSync(file, "r+");
  writeSync(fd, Buffer.of(value), 0, 1, Math.floor(size / 2) + value);
  closeSync(fd);
}
