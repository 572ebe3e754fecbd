import { openMemoryStorage, type Storage, type Tid } from "@belay/zodb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SourceCache } from "../blocks/source-cache.ts";
import type { BigFile } from "../files/big-file.ts";
import { Database } from "../files/database.ts";
import { HeadFiles } from "../files/head-files.ts";
import { bytesInside } from "../files/read-file.ts";
import { BigFileWriter } from "../tools/bigfile-writer.ts";
import { CommitFollower } from "./commit-follower.ts";
import type { CommitJob, KernelCache } from "./kernel-cache.ts";

const blockSize = 4096;

let count = 0;
let writing: Storage;
let reading: Storage;
let writer: BigFileWriter;
let head: HeadFiles;
let file: BigFile;
let follower: CommitFollower;
/** What was asked for and told, in order. */
let log: string[];
/** What the kernel's cache has not answered yet. */
let asked: { readonly what: string; readonly answer: () => void }[];
let job: CommitJob | undefined;
let refused: Error | undefined;

const cache: KernelCache = {
  store: () => undefined,
  quiesce: (done) => ask("quiesce", done),
  findCached: (ranges, done) => ask("findCached", () => done(ranges.map(() => true))),
  invalidate: (told, done) => {
    job = told;
    ask("invalidate", () => done(refused));
  },
};

function ask(what: string, answer: () => void): void {
  log.push(what);
  asked.push({ what, answer });
}

function answer(what: string): void {
  const next = asked.shift();
  expect(next?.what).toBe(what);
  next?.answer();
}

function commit(...blocks: readonly number[]): Tid {
  for (const blk of blocks) writer.write(blk, 0, Buffer.alloc(blockSize, ++count));
  return writer.commit("change") ?? 0n;
}

beforeEach(() => {
  const name = `follower-${++count}`;
  writing = openMemoryStorage(name, { readOnly: false });
  writer = BigFileWriter.open(writing, { name: "big", blockSize, format: "ZBlk0" });
  commit(0, 1, 2);
  reading = openMemoryStorage(name, { readOnly: true });
  const database = new Database(reading);
  let ids = 1;
  head = new HeadFiles(
    { database, sources: new SourceCache(1 << 20), nextId: () => ++ids, onForgotten: () => undefined },
    reading.lastTid(),
  );
  file = head.lookup(writer.oid, "big");
  for (const blk of [0, 1, 2]) head.source(file, blk);
  [log, asked, job, refused] = [[], [], undefined, undefined];
  follower = new CommitFollower({
    head,
    cache,
    poll: () => database.poll(),
    pauseUploads: () => log.push("pause"),
    resumeUploads: () => log.push("resume"),
    onTaken: () => log.push("taken"),
    isWatched: () => false,
    now: () => 0,
    onChanged: (_file, blk) => log.push(`changed ${blk}`),
    onShown: (tid) => log.push(`shown ${tid}`),
    onFailed: (error) => log.push(`failed: ${String(error)}`),
  });
});

afterEach(async () => {
  await reading[Symbol.asyncDispose]();
  await writing[Symbol.asyncDispose]();
});

test("stores are over before reads see a commit, and the kernel has forgotten before it is shown", () => {
  const [before, tid] = [head.data, commit(1)];
  follower.pump();
  expect([head.data, head.shown]).toEqual([before, before]);
  answer("quiesce");
  expect([head.data, head.shown]).toEqual([tid, before]);
  answer("findCached");
  expect(head.shown).toBe(before);
  answer("invalidate");
  expect(head.shown).toBe(tid);
  const asks = ["pause", "quiesce", "taken", "changed 1", "findCached", "invalidate"];
  expect(log).toEqual([...asks, `shown ${tid}`, "resume"]);
});

test("the old block is kept under the revision it had, the changed range and nothing else is dropped", () => {
  const first = head.data;
  commit(1);
  follower.pump();
  for (const what of ["quiesce", "findCached", "invalidate"]) answer(what);
  head.source(file, 1);
  const second = head.data;
  commit(1, 2);
  follower.pump();
  for (const what of ["quiesce", "findCached"]) answer(what);
  const kept = job?.ranges.map(({ node, offset, length, old }) => [node, offset, length, old?.path.slice(1, 17)]);
  const hex = (tid: Tid) => tid.toString(16).padStart(16, "0");
  expect(kept).toEqual([
    [file.id, blockSize, blockSize, hex(second)],
    [file.id, 2 * blockSize, blockSize, hex(first)],
  ]);
  expect(job?.attributes).toEqual([]);
});

test("growth is read at once, but told only when the commit is shown; until then the kernel may not keep the size", () => {
  commit(4);
  follower.pump();
  answer("quiesce");
  expect([file.dataSize, file.size, file.attributes().stable]).toEqual([5 * blockSize, 3 * blockSize, false]);
  expect(bytesInside(file, 4 * blockSize, 100)).toBe(100);
  answer("invalidate");
  expect([file.size, file.attributes().stable]).toEqual([5 * blockSize, true]);
  expect(job?.attributes).toEqual([file.id]);
});

test("what is committed while the kernel is told becomes one span, shown in its order", () => {
  commit(0);
  follower.pump();
  answer("quiesce");
  const later = [commit(1), commit(2)];
  follower.pump();
  answer("findCached");
  // Commits wait: the old block is not worth the time any more.
  expect(job?.ranges.map(({ old }) => old)).toEqual([undefined]);
  answer("invalidate");
  expect(log.at(-1)).toBe("quiesce");
  expect(log).not.toContain("resume");
  answer("quiesce");
  expect(job?.ranges.map(({ offset }) => offset / blockSize)).toEqual([1, 2]);
  answer("invalidate");
  expect(log.slice(-3)).toEqual([...later.map((tid) => `shown ${tid}`), "resume"]);
  expect(follower.behind).toBe(false);
});

test("when the kernel cannot be told nothing is shown, and nothing is followed any more", () => {
  const before = head.shown;
  commit(0);
  follower.pump();
  answer("quiesce");
  answer("findCached");
  refused = new Error("no");
  answer("invalidate");
  expect(log.at(-1)).toBe("failed: Error: no");
  commit(1);
  follower.pump();
  expect([head.shown, asked.length]).toEqual([before, 0]);
});
