import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  AT_FDCWD,
  close,
  errno,
  FAN_MARK_ADD,
  FAN_MARK_FILESYSTEM,
  fanotifyInit,
  fanotifyMark,
  readRaw,
} from "@belay/linux";
import {
  FAN_ATTRIB,
  FAN_CLOSE_WRITE,
  FAN_CREATE,
  FAN_DELETE,
  FAN_MODIFY,
  FAN_ONDIR,
  FAN_RENAME,
  FAN_REPORT_DFID_NAME,
  FAN_REPORT_FID,
  FAN_REPORT_TARGET_FID,
} from "@belay/linux";
import { silentLogger } from "@belay/supervise";

import { openOwnFeed } from "../../packages/georep/src/feed/own-feed.ts";
import { openSourceTree } from "../../packages/georep/src/sources/source-tree.ts";

// How fast changes get from the kernel to the journal, beside a loop that only reads them and throws them away:
// `node bench/georep/journal.ts [FILES [PARENT]]`, as root.
const files = Number(process.argv[2] ?? 100_000);
const base = mkdtempSync(join(process.argv[3] ?? "/dev/shm", "belay-bench-georep-"));
const source = join(base, "source");
const queue = "/proc/sys/fs/fanotify/max_queued_events";
const before = readFileSync(queue, "utf8");
const writer = `const fs = require("fs"); for (let i = 0; i < ${files}; i++) {
  const d = ${JSON.stringify(source)} + "/d" + (i / 1000 | 0); if (i % 1000 === 0) fs.mkdirSync(d, { recursive: true });
  fs.writeFileSync(d + "/file-" + i, "x"); }`;

try {
  // All events are there before the first is read: what is measured is the reader.
  writeFileSync(queue, String(files * 8));
  execFileSync("mkdir", [source]);
  using tree = openSourceTree(source);
  const bare = fanotifyInit(FAN_REPORT_FID | FAN_REPORT_DFID_NAME | FAN_REPORT_TARGET_FID);
  const mask = FAN_CREATE | FAN_DELETE | FAN_RENAME | FAN_MODIFY | FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_ONDIR;
  fanotifyMark(bare, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, mask, AT_FDCWD, source);
  await using feed = await openOwnFeed({
    tree,
    path: source,
    journal: join(base, "journal"),
    kind: "fanotify",
    logger: silentLogger,
  });
  execFileSync(process.execPath, ["-e", writer]);
  const { events, ms: peer } = readBare(bare);
  const start = performance.now();
  const from = feed.end;
  const end = await feed.drain();
  const ms = performance.now() - start;
  let records = 0;
  for (let at = from; ;) {
    const read = feed.read(at);
    if (read.records.length === 0) break;
    records += read.records.length;
    at = read.next;
  }
  const rate = (n: number, t: number) => `${Math.round(n / t)} thousand/s`;
  process.stdout.write(
    `${files} files, ${events} events: to the journal ${rate(events, ms)} (${records} records, ${end.offset} bytes in the last segment); ` +
      `only read ${rate(events, peer)}\n`,
  );
} finally {
  writeFileSync(queue, before);
  rmSync(base, { recursive: true, force: true });
}

function readBare(fd: number): { events: number; ms: number } {
  const buffer = Buffer.allocUnsafe(256 * 1024);
  const start = performance.now();
  let events = 0;
  for (;;) {
    const length = readRaw(fd, buffer, buffer.length);
    if (length === -errno.EAGAIN) break;
    if (length < 0) throw new Error(`read: ${length}`);
    for (let at = 0; at < length; at += buffer.readUInt32LE(at)) events++;
  }
  const ms = performance.now() - start;
  close(fd);
  return { events, ms };
}
