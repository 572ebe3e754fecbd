import type { Oid } from "@belay/zodb";
import { describe, expect, test } from "vitest";
import { FileWalk } from "../testing/file-walk.ts";
import { ObjectStore } from "../testing/object-store.ts";
import type { ObjectState } from "../testing/object-store.ts";
import { byPlace, TreePlacer, zblkOid } from "../testing/placement.ts";
import { Random, randomTree, testSeed, ZBLK_NAMES } from "../testing/random.ts";

const FILES: readonly Oid[] = [1n, 2n];
const TABLES: readonly Oid[] = [0x10000n, 0x20000n, 0x30000n];
const KEPT_COMMITS = 5n;
// Commits for each number of blocks; more with BELAY_FILE_STEPS.
const STEPS = Number(process.env["BELAY_FILE_STEPS"] ?? 250);

class RandomDatabase {
  readonly walk: FileWalk;
  readonly #store = new ObjectStore();
  readonly #random: Random;
  readonly #blocks: number;
  readonly #placers = TABLES.map((root) => new TreePlacer(root));

  constructor(random: Random, blocks: number) {
    this.#random = random;
    this.#blocks = blocks;
    const first = new Map<Oid, ObjectState | undefined>(ZBLK_NAMES.map((name) => [zblkOid(name), { kind: "data" }]));
    for (const placer of this.#placers) this.#changeTable(placer, first);
    first.set(1n, { kind: "file", blksize: 64, blktab: TABLES[0] ?? 0n });
    first.set(2n, { kind: "file", blksize: 64, blktab: TABLES[random.below(2)] ?? 0n });
    this.#store.commit(16n, first);
    this.walk = new FileWalk(FILES, this.#store);
  }

  step(): void {
    const states = new Map<Oid, ObjectState | undefined>();
    const random = this.#random;
    if (random.chance(0.7))
      for (const name of random.some(ZBLK_NAMES, 0.2)) states.set(zblkOid(name), { kind: "data" });
    for (const placer of this.#placers) if (random.chance(0.35)) this.#changeTable(placer, states);
    for (const file of FILES) if (random.chance(0.08)) this.#changeFile(file, states);
    this.walk.takeIn(this.#store.commit(this.walk.history.head + 16n, states));
    for (const file of FILES) {
      if (random.chance(0.4)) this.walk.track(file, random.some(Array(this.#blocks).keys(), random.next() / 4));
      if (random.chance(0.1)) this.walk.trackSize(file);
    }
    // Half of the time tracking goes on over several commits before anything is asked.
    if (random.chance(0.5)) this.walk.expectAll();
    this.walk.history.forget(this.walk.history.head - 16n * KEPT_COMMITS);
  }

  #changeTable(placer: TreePlacer, states: Map<Oid, ObjectState | undefined>): void {
    const random = this.#random;
    const keys = random.some(Array(this.#blocks).keys(), random.next());
    const limits = { depth: 1 + random.below(3), split: 1 + random.below(4) };
    const tree = random.chance(0.04) ? undefined : randomTree(random, keys, limits);
    const embed = random.chance(0.5);
    for (const [oid, state] of placer.place(tree, { likeness: byPlace, embed: () => embed })) states.set(oid, state);
  }

  // Saved again, another block size, another table, deleted.
  #changeFile(file: Oid, states: Map<Oid, ObjectState | undefined>): void {
    const random = this.#random;
    const now = this.walk.oracle(file).state ?? { blksize: 64, blktab: TABLES[random.below(3)] ?? 0n };
    const table = TABLES[random.below(3)] ?? 0n;
    const choices: (ObjectState | undefined)[] = [
      { kind: "file", ...now },
      { kind: "file", ...now, blksize: random.chance(0.5) ? 64n : 128 },
      { kind: "file", ...now, blktab: table },
      undefined,
    ];
    states.set(file, choices[random.below(choices.length)]);
  }
}

describe("histories of random files", () => {
  const seed = testSeed();

  test.each([10, 20, 100])(
    `of %d blocks agree with what happened (BELAY_TEST_SEED=${seed})`,
    { timeout: 600_000 },
    (blocks) => {
      const database = new RandomDatabase(new Random(seed + blocks), blocks);
      for (let i = 0; i < STEPS; i++) {
        database.step();
        // Asking about all blocks makes all of them tracked, which hides what untracked ones can do: only now and then, at the end.
        if (i % 50 === 49) expectEveryBlock(database.walk, blocks);
      }
      expect(database.walk.history.head).toBe(16n * BigInt(STEPS + 1));
    },
  );
});

function expectEveryBlock(walk: FileWalk, blocks: number): void {
  for (const file of FILES) if (walk.history.isTracked(file)) walk.expectRevisions(file, Array(blocks + 2).keys());
}
