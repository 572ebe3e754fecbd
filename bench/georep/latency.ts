import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { replicate } from "../../packages/georep/src/monitor/replicate.ts";

// How long after a file was made it is visible at the destination: `node bench/georep/latency.ts [PARENT]`.
const base = mkdtempSync(join(process.argv[2] ?? tmpdir(), "belay-bench-georep-"));
const [source, destination, state] = [join(base, "source"), join(base, "destination"), join(base, "state")];
mkdirSync(source);
try {
  await using worker = await replicate(source, destination, { session: "bench", state });
  await worker.checkpoint();
  for (const rate of [10, 1000]) {
    const waits = await measure(rate, rate === 10 ? 60 : 3000);
    waits.sort((a, b) => a - b);
    const at = (share: number) => (waits[Math.floor(waits.length * share)] ?? NaN).toFixed(1);
    process.stdout.write(`${rate} changes/s: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(0.9999)} ms\n`);
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}

async function measure(rate: number, count: number): Promise<number[]> {
  const waits: number[] = [];
  const waiting = new Map<string, number>();
  const start = performance.now();
  for (let made = 0; made < count || waiting.size > 0;) {
    const due = Math.min(count, Math.floor(((performance.now() - start) / 1000) * rate));
    for (; made < due; made++) {
      const name = `${rate}-${made}`;
      writeFileSync(join(source, name), "a small change");
      waiting.set(name, performance.now());
    }
    for (const [name, since] of waiting) {
      if (!existsSync(join(destination, name))) break; // they come in order
      waits.push(performance.now() - since);
      waiting.delete(name);
    }
    await sleep(1);
  }
  return waits;
}
