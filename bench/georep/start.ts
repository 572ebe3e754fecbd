import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { makePlace, startBelay, type Place } from "../../test/georep-command/place.ts";

// How long a session takes to be at work: `node bench/georep/start.ts [ROUNDS]`. From `belay georep start` to the first file at the destination, and until
// the call returns; beside what the same program takes to say its version, as five processes of it are started. `BELAY_TEST_BIN=dist/bin` for the built one.
const rounds = Number(process.argv[2] ?? 7);
await using place = makePlace();
writeFileSync(join(place.source, "file"), "x");

const boots: number[] = [];
const firsts: number[] = [];
const returns: number[] = [];
for (let round = 0; round <= rounds; round++) {
  const boot = await took(() => startBelay(place, "--help"));
  const [first, whole] = await start(place);
  if (round === 0) continue; // it reads the program from the disk
  boots.push(boot);
  firsts.push(first);
  returns.push(whole);
}
const boot = median(boots);
for (const [what, times] of [
  ["first file there", firsts],
  ["start returns", returns],
] as const) {
  const [best, middle] = [Math.min(...times), median(times)];
  process.stdout.write(`${what}: ${shown(best)} at best, ${shown(middle)} in the middle, ${(middle / boot).toFixed(1)} x one start of the program (${shown(boot)})\n`); // prettier-ignore
}

async function start(at: Place): Promise<[first: number, whole: number]> {
  rmSync(at.destination, { recursive: true, force: true });
  await done(at, "create", at.source, at.destination);
  const begun = performance.now();
  const whole = took(() => startBelay(at, "start", at.source));
  while (!existsSync(join(at.destination, "file"))) await sleep(1);
  const first = performance.now() - begun;
  const times: [number, number] = [first, await whole];
  await done(at, "stop", at.source, "--journal");
  await done(at, "delete", at.source);
  return times;
}

async function done(at: Place, ...words: string[]): Promise<void> {
  const { code, err } = await at.georep(...words);
  if (code !== 0) throw new Error(`belay georep ${words.join(" ")}: ${err}`);
}

/** Milliseconds until a program has ended. */
function took(run: () => ReturnType<typeof startBelay>): Promise<number> {
  const begun = performance.now();
  const child = run();
  child.stdout.resume();
  child.stderr.resume();
  return new Promise((resolve, fail) => {
    child.once("close", (code) => (code === 0 ? resolve(performance.now() - begun) : fail(new Error(`ended with ${code}`)))); // prettier-ignore
  });
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? NaN;
}

function shown(ms: number): string {
  return `${Math.round(ms)} ms`;
}
