import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { childrenOf, RandomWriter } from "./random-writer.ts";
import { makePair, within, type Pair } from "./replica.ts";

const program = fileURLToPath(new URL("../../packages/georep/src/monitor/replicate-main.ts", import.meta.url));
const rounds = Number(process.env["BELAY_KILL_ROUNDS"] ?? 6);
const kind = process.geteuid?.() === 0 ? "fanotify" : "inotify";

test(
  "kill -9 of either end at any moment, and the trees become equal all the same",
  async () => {
    using pair = makePair();
    const writer = new RandomWriter(pair.source, rounds * 7919 + (Date.now() % 1000));
    for (let i = 0; i < 400; i++) writer.step();
    for (let round = 0; round < rounds; round++) {
      const worker = start(pair);
      const ended = once(worker, "exit");
      await writeFor(writer, 600 + Math.random() * 700);
      const [secondary] = childrenOf(worker.pid ?? 0);
      if (round % 2 === 0 && secondary !== undefined) {
        killIfThere(secondary);
        await writeFor(writer, 500);
      }
      worker.kill("SIGKILL");
      await ended;
    }
    await using worker = await pair.start({ sourceKind: kind });
    await worker.checkpoint(within(60_000));
    expect(pair.differences(), `${writer.done} changes`).toEqual([]);
    expect(readdirSync(join(pair.destination, ".belay-georep/test/conflicts"))).toEqual([]);
  },
  120_000 + rounds * 10_000,
);

test(
  "kill -9 of the writer at any moment: what it has left is at the destination",
  async () => {
    using pair = makePair();
    const child = fileURLToPath(new URL("./writer.child.ts", import.meta.url));
    await using worker = await pair.start({ sourceKind: kind });
    for (let round = 0; round < rounds; round++) {
      const seed = String(rounds * 7919 + round + (Date.now() % 1000));
      const writer = spawn(process.execPath, [child, pair.source, seed], { stdio: ["ignore", "ignore", "inherit"] });
      const ended = once(writer, "exit");
      await sleep(600 + Math.random() * 700);
      writer.kill("SIGKILL");
      expect(await ended).toEqual([null, "SIGKILL"]);
      await worker.checkpoint(within(60_000));
      expect(pair.differences(), `seed ${seed}`).toEqual([]);
    }
    expect(readdirSync(pair.source).length).toBeGreaterThan(0);
  },
  120_000 + rounds * 10_000,
);

function start({ source, destination, state }: Pair): ChildProcess {
  return spawn(process.execPath, [program, source, destination, state, "test", kind], { stdio: "ignore" });
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function writeFor(writer: RandomWriter, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    for (let i = 0; i < 5; i++) writer.step();
    await sleep(5);
  }
}
