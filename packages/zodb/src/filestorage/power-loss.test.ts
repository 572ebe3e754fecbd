import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { formatTid, type Tid } from "../ids/tid.ts";
import { transactionMeta, type StorageTransaction } from "../storage.ts";
import type { FileStorage } from "./file-storage.ts";
import { TRANSACTION_HEADER } from "./format.ts";
import { openFileStorage } from "./open.ts";

/** What was done to the database's file, and what was promised when. */
type Step =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "cut"; readonly size: number }
  | { readonly kind: "sync" }
  | { readonly kind: "promise"; readonly tid: Tid };

const recorder = vi.hoisted(() => ({ fd: -1, steps: [] as unknown[] }));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  const isWatched = (fd: number) => fd === recorder.fd;
  const note = (fd: number, step: Step) => {
    if (isWatched(fd)) recorder.steps.push(step);
  };
  return {
    ...fs,
    writeSync: (fd: number, bytes: Uint8Array, from: number, length: number, at: number) => {
      const written = fs.writeSync(fd, bytes, from, length, at);
      if (isWatched(fd)) note(fd, { kind: "write", at, bytes: Buffer.from(bytes.subarray(from, from + written)) });
      return written;
    },
    ftruncateSync: (fd: number, size = 0) => {
      fs.ftruncateSync(fd, size);
      note(fd, { kind: "cut", size });
    },
    fdatasyncSync: (fd: number) => {
      fs.fdatasyncSync(fd);
      note(fd, { kind: "sync" });
    },
    fsyncSync: (fd: number) => {
      fs.fsyncSync(fd);
      note(fd, { kind: "sync" });
    },
  };
});

test("whatever of what was not synced reaches the disk, a power failure leaves all that was promised, whole, and nothing by half", async () => {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-power-"));
  try {
    const { base, steps, whole } = await record(join(directory, "Data.fs"));
    const image = join(directory, "after.fs");
    let tried = 0;
    for (const { disk, promised } of aftermaths(base, steps)) {
      writeFileSync(image, disk);
      const found = await transactionsOf(image);
      for (const [tid, content] of found) expect(content, tid).toEqual(whole.get(tid));
      for (const tid of promised) expect([...found.keys()]).toContain(tid);
      tried++;
    }
    expect(tried).toBeGreaterThan(60);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** Commits, one of them given up after its vote. */
async function record(path: string) {
  await using storage = await openFileStorage(path, { readOnly: false, create: true });
  commit(storage, 1).finish();
  const base = readFileSync(path);
  recorder.fd = storage.generation.fd;
  recorder.steps.length = 0;
  const promise = (tid: Tid) => recorder.steps.push({ kind: "promise", tid });
  promise(commit(storage, 2).finish());
  const givenUp = commit(storage, 2);
  givenUp.vote();
  givenUp.abort();
  promise(commit(storage, 1).finish());
  promise(commit(storage, 2).finish());
  recorder.fd = -1;
  return { base, steps: [...recorder.steps] as Step[], whole: contentOf(storage) };
}

function commit(storage: FileStorage, objects: number): StorageTransaction {
  const txn = storage.begin(transactionMeta({ description: `${objects} objects` }));
  for (let i = 0; i < objects; i++) txn.store(storage.newOid(), 0n, Buffer.alloc(200 + 50 * i, 65 + i));
  return txn;
}

/** Every state of the disk that a power failure after each step may leave: of what is not synced each part may be there or not. */
function* aftermaths(base: Buffer, steps: readonly Step[]): Generator<{ disk: Buffer; promised: string[] }> {
  let durable = base;
  let pending: Step[] = [];
  const promised: string[] = [];
  const seen = new Set<string>();
  for (const step of steps) {
    if (step.kind === "sync") {
      durable = pending.reduce(apply, durable);
      pending = [];
    } else if (step.kind === "promise") promised.push(formatTid(step.tid));
    else pending.push(step);
    for (let kept = 0; kept < 2 ** pending.length; kept++) {
      const disk = pending.filter((_, i) => (kept & (1 << i)) !== 0).reduce(apply, durable);
      // A length at the end without the header before it looks like damage: that is refused, as Python refuses it.
      const header = disk.subarray(durable.length, durable.length + TRANSACTION_HEADER);
      if (header.length > 0 && header.every((byte) => byte === 0)) continue;
      const state = `${promised.length} ${disk.toString("latin1")}`;
      if (seen.has(state)) continue;
      seen.add(state);
      yield { disk, promised };
    }
  }
}

function apply(disk: Buffer, step: Step): Buffer {
  if (step.kind === "cut") return disk.subarray(0, step.size);
  if (step.kind !== "write") return disk;
  const after = Buffer.alloc(Math.max(disk.length, step.at + step.bytes.length));
  disk.copy(after);
  step.bytes.copy(after, step.at);
  return after;
}

async function transactionsOf(path: string): Promise<Map<string, string[]>> {
  rmSync(`${path}.index`, { force: true });
  await using storage = await openFileStorage(path, { readOnly: false });
  return contentOf(storage);
}

function contentOf(storage: FileStorage): Map<string, string[]> {
  const describe = (data: Buffer | undefined) => (data === undefined ? "deleted" : data.toString("latin1"));
  return new Map(
    [...storage.iterate()].map(({ tid, records }) => [
      formatTid(tid),
      [...records].map(({ oid, data }) => `${oid} ${describe(data && Buffer.from(data))}`),
    ]),
  );
}
