import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

// Makes files at a rate and sees when they are at the destination: `node latency-writer.ts SOURCE DESTINATION RATE COUNT`; prints p50, p95 and
// the most, in milliseconds.
const [source = "", destination = "", rateText, countText] = process.argv.slice(2);
const [rate, count] = [Number(rateText), Number(countText)];
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
waits.sort((a, b) => a - b);
const at = (share: number) => (waits[Math.floor(waits.length * share)] ?? NaN).toFixed(1);
const made = count / ((performance.now() - start) / 1000);
process.stdout.write(`p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(0.9999)} ms (${made.toFixed(0)}/s)\n`);
