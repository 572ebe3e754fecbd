import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { keyOf } from "../ids/file-id.ts";
import { dirty } from "../journal/record.ts";
import { dirtyName } from "../plan/dirty-set.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import { HotFiles } from "./hot-files.ts";

const directory = Buffer.from("dir");
const [hot, other] = [Buffer.from("hot"), Buffer.from("other")];
const id = Buffer.from("file");
const nothing = Buffer.alloc(0);
const places = new Map([[keyOf(id), { directory, name: hot }]]);
const change = (name: Buffer, kinds: number = dirty.data) => dirtyName({ directory, name }, kinds);

function sized(size: number): ObjectChange {
  const times = { mtime: 0n, ctime: 0n };
  const none = { xattrs: [], target: Buffer.alloc(0), rdevMajor: 0, rdevMinor: 0, inline: undefined };
  return { id, mode: 0o100644, uid: 0, gid: 0, nlink: 1, size, ...times, ...none, content: "changed", settled: true };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "performance"] }));
afterEach(() => void vi.useRealTimers());

test("a large file on its way is held back, and sent when it rests for a second", () => {
  const files = new HotFiles([]);
  const settled = files.begin([sized(100e6)], places);
  const sifted = files.sift([change(hot), change(other)]);
  expect(sifted.names).toEqual([change(other)]);
  expect(sifted.held).toMatchObject([{ seq: 1, directory, name: hot }]);
  expect(files.sift([change(hot)])).toEqual({ names: [], held: [] });
  expect(files.nextDueMs).toBe(Infinity);
  vi.advanceTimersByTime(100);
  settled();
  vi.advanceTimersByTime(800);
  expect(files.takeDue()).toEqual({ names: [], seqs: [] });
  vi.advanceTimersByTime(300);
  expect(files.takeDue().seqs).toEqual([1]);
  expect([files.length, files.waiting]).toEqual([1, 0]);
  files.recorded([1]);
  expect(files.length).toBe(0);
  vi.advanceTimersByTime(6000);
  expect(files.sift([change(hot)]).names).toHaveLength(1);
});

test("one that never rests is sent again after some seconds, and takes a fifth of the time at most", () => {
  const files = new HotFiles([]);
  for (const tookMs of [10, 4000, 100_000]) {
    const settled = files.begin([sized(100e6)], places);
    vi.advanceTimersByTime(tookMs);
    settled();
    let waited = 0;
    for (; ; waited += 100) {
      files.sift([change(hot)]);
      const { seqs } = files.takeDue();
      files.recorded(seqs);
      if (seqs.length > 0) break;
      vi.advanceTimersByTime(100);
    }
    expect(waited).toBe(Math.min(Math.max(5000, 4 * tookMs), 60_000));
  }
});

test("small files, new names and what another worker held back are not held", () => {
  const files = new HotFiles([]);
  files.begin([sized(1e6)], places);
  expect(files.sift([change(hot)]).names).toHaveLength(1);
  files.begin([sized(100e6)], places);
  expect(files.sift([change(hot, dirty.entry | dirty.data)]).names).toHaveLength(1);
  vi.advanceTimersByTime(1000);
  const next = new HotFiles([{ seq: 7, directory, name: hot, since: 1 }]);
  vi.advanceTimersByTime(1000);
  expect(next.takeDue().seqs).toEqual([7]);
});

test("what a checkpoint waits for is sent as soon as can be; what comes later is not waited for", () => {
  const files = new HotFiles([]);
  const settled = files.begin([sized(100e6)], places);
  files.sift([change(hot)]);
  const upTo = files.hurry();
  expect([files.isDone(upTo), files.takeDue().seqs]).toEqual([false, []]);
  settled();
  expect(files.takeDue().seqs).toEqual([1]);
  expect(files.sift([change(hot)]).held).toMatchObject([{ seq: 2 }]);
  expect(files.isDone(upTo)).toBe(false);
  files.recorded([1]);
  expect(files.isDone(upTo)).toBe(true);
  expect(files.length).toBe(1);
});

test("a file that the source knows is held back as such, whatever it is called meanwhile", () => {
  const files = new HotFiles([]);
  const settled = files.begin([sized(100e6)], places);
  const written = (name: Buffer) => ({ ...change(name), objects: new Map([[keyOf(id), id]]) });
  expect(files.sift([written(hot), written(other)]).held).toMatchObject([{ seq: 1, directory: id, name: nothing }]);
  const another = Buffer.from("another");
  const { names, held } = files.sift([{ ...change(hot), objects: new Map([[keyOf(another), another]]) }]);
  expect([names, held]).toMatchObject([[], [{ seq: 2, directory: another, name: nothing }]]);
  expect(files.waiting).toBe(2);
  settled();
  vi.advanceTimersByTime(1500);
  const due = files.takeDue();
  expect(due.seqs).toEqual([1, 2]);
  expect(due.names).toMatchObject([{ directory: id }, { directory: another }]);
  files.recorded([1]);
  expect([files.length, files.waiting, files.nextDueMs]).toEqual([1, 0, Infinity]);
  files.recorded([2]);
  expect(files.length).toBe(0);
  const next = new HotFiles([{ seq: 7, directory: id, name: nothing, since: 1 }]);
  expect(next.sift([written(hot)])).toEqual({ names: [], held: [] });
});
