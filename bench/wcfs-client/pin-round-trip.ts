import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { formatOid, formatTid } from "@belay/zodb";
import { BLK } from "./sparse-file.ts";
import { turn, type ReaderData } from "./timed-reader.ts";
import { inWorld, range, show } from "./world.ts";

/** What the protocol costs by itself: a link without the client library, and a read(2) of another thread that each pin holds up. */
export async function roundTrip(): Promise<void> {
  // Far enough from each other that reading ahead does not reach the next.
  const changed = range(500, 24);
  await inWorld(24 * changed.length, async ({ file, mountpoint }) => {
    const oid = formatOid(file.oid);
    const path = join(mountpoint, "head/bigfile", oid);
    const before = file.write(changed, "old");
    file.write(changed, "new");
    const times = new BigInt64Array(new SharedArrayBuffer(16));
    const turns = new Int32Array(new SharedArrayBuffer(8));
    const data: ReaderData = { path, times, turns, offsets: changed.map((blk) => blk * BLK) };
    const worker = new Worker(new URL("./timed-reader.ts", import.meta.url), { workerData: data });
    const link = openSync(join(mountpoint, "head/watch"), "r+");
    const line = Buffer.alloc(256);
    const receive = () => line.toString("latin1", 0, readSync(link, line)).trimEnd();
    Atomics.wait(turns, turn.done, 0);
    writeSync(link, `1 watch ${oid} @${formatTid(before)}\n`);
    if (receive() !== "1 ok") throw new Error("not watched");

    const asked: number[] = [];
    const released: number[] = [];
    const whole: number[] = [];
    for (const [i, blk] of changed.entries()) {
      Atomics.store(turns, turn.go, i + 1);
      Atomics.notify(turns, turn.go);
      const pin = receive();
      const came = process.hrtime.bigint();
      if (!pin.includes(`#${blk} `)) throw new Error(`no pin of block ${blk}: ${pin}`);
      const acked = process.hrtime.bigint();
      writeSync(link, `${pin.split(" ")[0]} ack\n`);
      Atomics.wait(turns, turn.done, i + 1);
      const [start = 0n, end = 0n] = times;
      asked.push(Number(came - start) / 1000);
      released.push(Number(end - acked) / 1000);
      whole.push(Number(end - start) / 1000);
    }
    show("pin, from the start of the read to the pin at the client", asked);
    show("pin, from the client's ack to the end of the read", released);
    show("pin, the whole read", whole);
    writeSync(link, "3 bye\n");
    receive();
    closeSync(link);
    await worker.terminate();
  });
}
