/**
 * What isolation costs a client: a pin, connecting and moving on as files grow, faults with many watchers, and memory.
 *
 * `node bench/wcfs-client/client.bench.ts [pins] [roundTrip] [commits] [growth] [watchers] [memory] [visible]` as root; without arguments everything. Prints one line a figure.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type Conn, type Mapping } from "@belay/wcfs";
import { formatTid } from "@belay/zodb";
import { commits } from "./commits-under-readers.ts";
import { roundTrip } from "./pin-round-trip.ts";
import { BLK, type SparseFile } from "./sparse-file.ts";
import { inWorld, range, show } from "./world.ts";

const wanted = process.argv.slice(2);

/** Microseconds of the first touch of each block. */
function touches({ mem }: Mapping, blocks: Iterable<number>): number[] {
  let sum = 0;
  const times = Array.from(blocks, (blk) => {
    const start = performance.now();
    sum += mem[blk * BLK] ?? 0;
    return (performance.now() - start) * 1000;
  });
  if (sum === 0) throw new Error("nothing but zeros was read");
  return times;
}

async function milliseconds<T>(action: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now();
  const value = await action();
  return { value, ms: performance.now() - start };
}

async function mapAll(conn: Conn, file: SparseFile, blocks: number): Promise<Mapping> {
  return (await conn.open(file.oid)).mmap(0, blocks);
}

/** A fault of a page, and the same with a pin of our own in the way. */
async function pins(): Promise<void> {
  // Far enough from each other that reading ahead does not reach the next.
  const count = 300;
  const unchanged = range(count, 24);
  const changed = unchanged.map((blk) => blk + 8);
  const blocks = 24 * count;
  await inWorld(blocks, async ({ file, mountpoint }) => {
    await using old = await connect(mountpoint, file.write(changed, "old"));
    const mapping = await mapAll(old, file, blocks);
    const after = file.write(changed, "new");
    await using newest = await connect(mountpoint, after);
    const other = await mapAll(newest, file, blocks);
    show("fault of a page that needs no pin", touches(mapping, unchanged));
    show("fault of a page that is pinned meanwhile, for the thread that waits", touches(mapping, changed));
    show("fault of a page that is there already", touches(other, changed));
  });
}

/** Connecting and moving on with ten changed blocks, as the file grows. */
async function growth(): Promise<void> {
  for (const blocks of [1e3, 1e4, 1e5, 1e6]) {
    await inWorld(blocks, async ({ file, mountpoint }) => {
      const changed = range(10, Math.floor(blocks / 10));
      await using reader = await connect(mountpoint, file.write(changed, "0"));
      const mapping = await (await reader.open(file.oid)).mmap(0, blocks);
      const touch = () => changed.reduce((sum, blk) => sum + (mapping.view(blk * BLK, 1)[0] ?? 0), 0);
      const times: Record<"connect" | "open" | "resync", number[]> = { connect: [], open: [], resync: [] };
      for (let round = 1; round <= 20; round++) {
        touch();
        const at = reader.at;
        const next = file.write(changed, String(round));
        const { value: conn, ms: connecting } = await milliseconds(() => connect(mountpoint, next));
        await conn.close();
        const earlier = await connect(mountpoint, at);
        times.connect.push(connecting * 1000);
        times.open.push((await milliseconds(() => earlier.open(file.oid))).ms * 1000);
        await earlier.close();
        times.resync.push((await milliseconds(() => reader.resync(next))).ms * 1000);
      }
      show(`${blocks} blocks, ten changed: connect`, times.connect);
      show(`${blocks} blocks, ten changed: open`, times.open);
      show(`${blocks} blocks, ten changed: resync`, times.resync);
    });
  }
}

/** A fault of a page that others watch as of before its last change. */
async function watchers(): Promise<void> {
  for (const count of [0, 1, 10, 100]) {
    const blocks = 200;
    await inWorld(blocks, async ({ file, mountpoint }) => {
      const before = file.write(range(blocks), "old");
      const conns = await Promise.all(range(count).map(() => connect(mountpoint, before)));
      for (const conn of conns) await conn.open(file.oid);
      const after = file.write(range(blocks), "new");
      await using newest = await connect(mountpoint, after);
      show(`fault with ${count} watchers to pin`, touches(await mapAll(newest, file, blocks), range(blocks)));
      for (const conn of conns) await conn.close();
    });
  }
}

/** KiB of memory that a process has. */
const resident = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? NaN);

/** What a connection with a watched file takes, here and in the server. */
async function memory(): Promise<void> {
  for (const [count, readLinkByThread] of [
    [200, false],
    [10, true],
  ] as const) {
    await inWorld(100, async ({ file, mountpoint, serverPid }) => {
      const at = file.write(range(50), "old");
      await using first = await connect(mountpoint, at, { readLinkByThread });
      await first.open(file.oid);
      const [ours, theirs] = [resident(process.pid), resident(serverPid)];
      const conns = await Promise.all(range(count).map(() => connect(mountpoint, at, { readLinkByThread })));
      for (const conn of conns) await (await conn.open(file.oid)).mmap(0, 100);
      const each = (now: number, then: number) => `${((now - then) / count).toFixed(0)} KiB`;
      console.log(
        `memory of a connection, ${readLinkByThread ? "link read by a thread" : "links polled"}: client ` +
          `${each(resident(process.pid), ours)}, server ${each(resident(serverPid), theirs)} (${count})`,
      );
      for (const conn of conns) await conn.close();
    });
  }
}

/** How soon a commit is visible with many watched files, and what a watch takes in the server. */
async function visible(): Promise<void> {
  await inWorld(1, async ({ file, mountpoint, serverPid }) => {
    const others = range(100).map(() => file.addFile());
    await using conn = await connect(mountpoint, file.head);
    const before = resident(serverPid);
    for (const { oid } of others) await (await conn.open(oid)).read(0, 1);
    console.log(
      `memory of a watched file in the server: ${((resident(serverPid) - before) / 100).toFixed(0)} KiB (100)`,
    );
    const times = range(300).map((i) => {
      const tid = formatTid(others[i % 100]?.write(`new ${i}`) ?? 0n);
      const start = performance.now();
      while (readFileSync(join(mountpoint, "head/at"), "latin1") < tid);
      return (performance.now() - start) * 1000;
    });
    show("from the end of commit() to head/at with 100 watched files", times);
  });
}

for (const [name, bench] of Object.entries({ pins, roundTrip, commits, growth, watchers, memory, visible })) {
  if (wanted.length === 0 || wanted.includes(name)) await bench();
}
