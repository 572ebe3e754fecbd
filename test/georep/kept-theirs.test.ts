import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { AT_FDCWD, renameat2, RENAME_NOREPLACE } from "@belay/linux";
import { hasCode } from "@belay/supervise";
import { expect, test } from "vitest";

import { cutOffSessions, during, startSession } from "./cut-sessions.ts";
import { openLastingFeed } from "./lasting-feed.ts";
import { RandomWriter } from "./random-writer.ts";
import { makePair, within, type Pair } from "./replica.ts";

// While sessions are cut off one after the other, somebody moves files of his own, and directories with such files in them, to where the replica is,
// also into the place of what is there. What is in the way goes to conflicts/, and nothing of his is ever lost.

const rounds = Number(process.env["BELAY_CUT_ROUNDS"] ?? 2);
const seed = Number(process.env["BELAY_SEED"] ?? Date.now() % 1_000_000);

test(
  "nothing that somebody puts at a destination is lost, whenever sessions are cut off",
  { timeout: 60_000 + rounds * 60_000 },
  async () => {
    using pair = makePair();
    const somebody = new Somebody(pair, 500 * rounds);
    await sleep(1500); // what he has is older than any batch
    await using feed = await openLastingFeed(pair);
    const writer = new RandomWriter(pair.source, seed);
    for (let i = 0; i < 300; i++) writer.step();
    for (let round = 0; round < rounds; round++) {
      await during(cutOffSessions(pair, feed, round), () => {
        for (let i = 0; i < 3; i++) writer.step();
        somebody.step();
      });
      await using worker = await startSession(pair, feed, round);
      await worker.checkpoint(within(40_000));
      const message = `seed ${seed}, round ${round}, ${writer.done} changes, ${somebody.moved} moved`;
      // A look may miss what is moved meanwhile; what is lost is missed by every one.
      await expect.poll(() => somebody.lost(), { message }).toEqual([]);
    }
    expect(somebody.moved).toBeGreaterThan(20);
  },
);

/** Who works at the destination. */
class Somebody {
  readonly #pair: Pair;
  readonly #own: string;
  /** Where he puts what was in his way. */
  readonly #away: string;
  readonly #left: string[];
  readonly #there: string[] = [];
  #aways = 0;

  constructor(pair: Pair, count: number) {
    this.#pair = pair;
    [this.#own, this.#away] = [join(pair.base, "own"), join(pair.base, "away")];
    for (const path of [this.#own, this.#away]) mkdirSync(path);
    this.#left = Array.from({ length: count }, (_, index) => `theirs-${index}`);
    for (const name of this.#left) {
      const path = join(this.#own, name);
      const isInDirectory = Math.random() < 0.3;
      if (isInDirectory) mkdirSync(path);
      writeFileSync(isInDirectory ? join(path, `n${below(7)}`) : path, name);
    }
  }

  get moved(): number {
    return this.#there.length;
  }

  /** Moves something, as soon as he finds a place where that can be. */
  step(): void {
    const action = Math.random() < 0.8 ? () => this.#put() : () => this.#takeAway();
    for (let tried = 0; tried < 30; tried++) if (isPossible(action)) return;
  }

  #put(): void {
    const name = this.#left.at(-1);
    if (name === undefined) return;
    move(join(this.#own, name), join(this.#pair.destination, anyPath()));
    this.#left.pop();
    this.#there.push(name);
  }

  #takeAway(): void {
    move(join(this.#pair.destination, anyPath()), join(this.#away, String(this.#aways++)));
  }

  /** What he has put there, and is nowhere any more. */
  lost(): string[] {
    const found = new Set<string>();
    for (const root of [this.#pair.destination, this.#away])
      for (const entry of readdirSync(root, { recursive: true, withFileTypes: true }))
        if (entry.isFile()) found.add(readFileSync(join(entry.parentPath, entry.name), "latin1").slice(0, 100));
    return this.#there.filter((name) => !found.has(name));
  }
}

const below = (limit: number): number => Math.floor(Math.random() * limit);
const anyPath = (): string => Array.from({ length: 1 + below(3) }, () => `n${below(7)}`).join("/");
const move = (from: string, to: string): void => renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

function isPossible(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EEXIST")) return false;
    throw error;
  }
}
