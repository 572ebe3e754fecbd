import type { Invalidation, Oid } from "@belay/zodb";
import { BLOCKS, Connection, Global, openMemoryStorage } from "@belay/zodb";
import type { BTree } from "@belay/zodb";
import { describe, expect, test } from "vitest";
import { Database } from "../../files/database.ts";
import type { Source } from "../testing/file-oracle.ts";
import { FileWalk } from "../testing/file-walk.ts";
import { Random, testSeed } from "../testing/random.ts";

const MODULE = "wendelin.bigfile.file_zodb";
// A root splits when it has 1000 children, the buckets filled in order hold 30 entries each.
const MANY = 40_000;

/** A database that is written through one storage and followed through another. */
class Written implements Source, AsyncDisposable {
  readonly commits: Invalidation[] = [];
  readonly file: Oid;
  readonly #name = `delta-${crypto.randomUUID()}`;
  readonly #writer = openMemoryStorage(this.#name);
  readonly #connection = Connection.open(this.#writer);
  readonly #reader = openMemoryStorage(this.#name);
  readonly #database = new Database(this.#reader);
  readonly #table: BTree<number>;

  constructor() {
    this.#table = this.#connection.createBTree(BLOCKS);
    const state = [2 << 20, this.#connection.refTo(this.#table)];
    this.file = this.#connection.create(new Global(MODULE, "ZBigFile"), state).oid;
    this.commit();
  }

  at(tid: bigint): ReturnType<Database["at"]> {
    return this.#database.at(tid);
  }

  link(blk: number): void {
    this.#table.set(blk, this.#connection.create(new Global(MODULE, "ZBlk0"), Buffer.of(1)).ref);
  }

  unlink(blk: number): void {
    this.#table.delete(blk);
  }

  write(zblk: Oid): void {
    this.#connection.get(zblk).state = Buffer.of(2);
  }

  commit(): Invalidation {
    this.#connection.commit();
    this.commits.push(...this.#database.poll());
    const event = this.commits.at(-1);
    if (!event) throw new Error("nothing was committed");
    return event;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]();
    await this.#writer[Symbol.asyncDispose]();
  }
}

/** Some new blocks here or there, or at the end, some blocks gone, some written. */
function changeSome(database: Written, walk: FileWalk, random: Random): void {
  const { links } = walk.oracle(database.file);
  const end = Math.max(0, ...links.keys());
  const blocks = [...links.keys()];
  const count = random.below(150);
  const start = random.chance(0.5) ? end : random.below(end + 1);
  if (random.chance(0.6)) for (let i = 0; i < count; i++) database.link(start + i);
  if (random.chance(0.4))
    for (const blk of blocks.slice(random.below(blocks.length)).slice(0, count)) database.unlink(blk);
  // At least one object, so that there is a commit.
  for (const [blk, zblk] of links) if (blk === end || random.chance(20 / links.size)) database.write(zblk);
}

describe("the history of a file in a database with real trees", () => {
  const seed = testSeed();

  test(`follows them as they split and shrink (BELAY_TEST_SEED=${seed})`, async () => {
    await using database = new Written();
    const random = new Random(seed);
    for (let blk = 0; blk < 300; blk++) database.link(blk);
    database.commit();
    const walk = new FileWalk([database.file], database);
    for (let i = 0; i < 40; i++) {
      changeSome(database, walk, random);
      walk.takeIn(database.commit());
      walk.track(database.file, random.some(walk.oracle(database.file).links.keys(), 0.02));
      if (i % 10 === 9) walk.expectAll();
      walk.history.forget(database.commits.at(-8)?.tid ?? 0n);
    }
    expect(walk.explicit(database.file).size).toBeGreaterThan(40);
  });

  test("finds its way in a tree that grew from one bucket to three levels", async () => {
    await using database = new Written();
    database.link(5);
    database.commit();
    const walk = new FileWalk([database.file], database);
    walk.track(database.file, [5, 12_345]);
    for (let blk = 0; blk < MANY; blk++) if (blk !== 12_345) database.link(blk);
    walk.takeIn(database.commit());
    walk.track(database.file, [0, 20_000, MANY]);
    database.link(12_345);
    database.unlink(20_000);
    walk.takeIn(database.commit());
    walk.expectAll();
    const tables = database.at(walk.history.head);
    const { blktab } = tables.file(database.file) ?? { blktab: 0n };
    const root = tables.node(blktab);
    const child = root?.kind === "tree" ? tables.node(root.children[0] ?? 0n) : undefined;
    expect(child?.kind).toBe("tree");
  });
});
