/**
 * Reads a file again and again, and tells each time what it saw.
 *
 *     reader-entry.ts KIND MOUNTPOINT FILE
 *
 * Lines `<kind> <at before> <at after> <blk>=<text> …`. KIND: `plain` reads head, `tid` a moment of the last two seconds, `isolated` maps the
 * file by the client library. Ends when stdin does.
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "@belay/wcfs";
import { formatTid, parseOid, parseTid } from "@belay/zodb";
import { PAGE, textOf } from "../../wcfs/isolation/harness/page-content.ts";
import { blocks } from "./shape.ts";

const [kind = "", mountpoint = "", file = ""] = process.argv.slice(2);
/** Milliseconds between looks, at most: two dozen readers are to leave time for the writer. */
const pause = 150;
const state = { isEnding: false };
process.stdin.on("end", () => (state.isEnding = true)).resume();
const head = () => readFileSync(join(mountpoint, "head/at"), "latin1");
const tell = (before: string, after: string, texts: readonly string[]) =>
  process.stdout.write(`${kind} ${before} ${after} ${texts.join(" ")}\n`);
/** Every block is written by then. */
const first = head();
const all = Array.from({ length: blocks }, (_, blk) => blk);

function readAll(path: string): string[] {
  const fd = openSync(join(mountpoint, path, "bigfile", file), "r");
  try {
    const page = Buffer.alloc(PAGE);
    return all.map((blk) => {
      readSync(fd, page, 0, PAGE, blk * PAGE);
      return `${blk}=${textOf(page, 0)}`;
    });
  } finally {
    closeSync(fd);
  }
}

async function readPlain(): Promise<void> {
  const before = head();
  const texts = readAll("head");
  tell(before, head(), texts);
  await sleep(Math.random() * pause);
}

async function readPast(): Promise<void> {
  const back = BigInt(Math.floor(Math.random() * 2 ** 27));
  const past = formatTid(parseTid(head()) - back);
  const at = past < first ? first : past;
  tell(at, at, readAll(`@${at}`));
  await sleep(Math.random() * pause);
}

async function readIsolated(): Promise<void> {
  await using conn = await connect(mountpoint, parseTid(head()));
  await using opened = await conn.open(parseOid(file));
  await using mapping = await opened.mmap(0, blocks);
  for (let moves = 0; moves < 100 && !state.isEnding; moves++) {
    const at = formatTid(conn.at);
    for (let looks = 0; looks < 2; looks++) {
      const texts = all.map((blk) => `${blk}=${textOf(Buffer.from(mapping.copy(blk * PAGE, PAGE)), 0)}`);
      tell(at, at, texts);
      await sleep(Math.random() * pause);
    }
    await conn.resync(parseTid(head()));
  }
}

const read = { plain: readPlain, tid: readPast, isolated: readIsolated }[kind];
if (read === undefined) throw new Error(`no kind ${kind}`);
while (!state.isEnding) await read();
process.stdout.end(() => process.exit(0));
