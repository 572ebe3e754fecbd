import { readFileSync, readlinkSync, readdirSync } from "node:fs";

import { errno, ErrnoError, getSeals, F_SEAL_SHRINK, O_RDONLY, close, lookAtFile, looked, open } from "@belay/linux";
import { expect, test } from "vitest";

import { fileIdAt } from "../ids/file-id.ts";
import { mostContents } from "./fill-messages.ts";
import type { SharedMemory } from "./share-messages.ts";
import { SharedContents } from "./shared-contents.ts";

const ours = "memfd:belay-georep";
const mapped = () => readFileSync("/proc/self/maps", "latin1").split("\n").filter((line) => line.includes(ours)).length; // prettier-ignore
const opened = () => readdirSync("/proc/self/fd").filter((fd) => linkOf(fd).includes(ours)).length;

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // that of the listing itself
  }
}

function line() {
  const told: SharedMemory[] = [];
  const answer = Promise.withResolvers<unknown>();
  const share = (memory: SharedMemory) => {
    told.push(memory);
    return answer.promise;
  };
  const state = { isPlain: true };
  return { told, answer, state, share, isPlain: () => state.isPlain };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("there are slots when the other end has the memory, apart from each other, and the last one given back is the next", async () => {
  const peer = line();
  using contents = new SharedContents(peer);
  expect([peer.told.length, mapped()]).toEqual([0, 0]);
  expect([contents.take(), contents.take()]).toEqual([undefined, undefined]);
  const [memory, ...more] = peer.told;
  if (memory === undefined) throw new Error("nothing was told");
  expect(more).toEqual([]);
  const file = open(`/proc/self/fd/${memory.fd}`, O_RDONLY);
  expect(fileIdAt(file, "")).toEqual(memory.id);
  expect(getSeals(file) & F_SEAL_SHRINK).toBe(F_SEAL_SHRINK);
  lookAtFile(file);
  expect(looked.size).toBe(memory.size);
  close(file);
  peer.answer.resolve(undefined);
  await settled();
  expect([mapped(), opened()]).toEqual([1, 0]);
  const slots = [];
  for (let slot = contents.take(); slot !== undefined; slot = contents.take()) slots.push(slot);
  expect(slots.map(({ offset }) => offset)).toEqual(slots.map((_, index) => index * mostContents));
  expect(slots.length * mostContents).toBe(memory.size);
  for (const { offset, address } of slots) expect(address - offset).toBe(slots[0]?.address);
  for (const slot of slots.slice(0, 2)) contents.give(slot);
  contents.give(undefined);
  peer.state.isPlain = false;
  expect(contents.take()).toBeUndefined();
  peer.state.isPlain = true;
  expect([contents.take(), contents.take(), contents.take()]).toEqual([slots[1], slots[0], undefined]);
  contents[Symbol.dispose]();
  expect(mapped()).toBe(0);
});

test("an end that cannot have the memory is asked once, and nothing of it stays", async () => {
  const peer = line();
  using contents = new SharedContents(peer);
  contents.take();
  peer.answer.reject(new ErrnoError(errno.EACCES, "open"));
  await settled();
  expect([contents.take(), peer.told.length, mapped(), opened()]).toEqual([undefined, 1, 0, 0]);
});

test("a connection that ends before the answer, or before anything was asked for, leaves nothing", async () => {
  const peer = line();
  const contents = new SharedContents(peer);
  contents.take();
  contents[Symbol.dispose]();
  expect(mapped()).toBe(0);
  peer.answer.resolve(undefined);
  await settled();
  expect([contents.take(), mapped(), opened()]).toEqual([undefined, 0, 0]);
  const other = line();
  const unused = new SharedContents(other);
  unused[Symbol.dispose]();
  expect([unused.take(), other.told.length, mapped()]).toEqual([undefined, 0, 0]);
});
