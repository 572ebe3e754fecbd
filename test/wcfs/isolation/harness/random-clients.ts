import { setTimeout as sleep } from "node:timers/promises";
import type { BigFiles } from "./big-files.ts";
import { FileModel, type BlockChanges } from "./file-model.ts";
import { blockOf } from "./page-content.ts";
import type { RestartableWorld } from "./restartable-world.ts";
import { Viewers, type ViewerKind } from "./viewers.ts";

/**
 * The server's time for pins: on a busy machine even who answers at once takes some seconds now and then, and to be killed for that is a problem. Who
 * does not answer at all is waited for that long, so there are few of those.
 */
export const timeForPins = ["-pintimeout", "8.0s"] as const;

/** What a run is to be like. */
export interface RandomRun {
  /** It ends after so many steps… */
  readonly steps: number;
  /** …and no earlier than after so many seconds. */
  readonly seconds: number;
  /** It goes on for some time more when there are fewer claims of clients by then. */
  readonly views: number;
  readonly seed: number;
  readonly kinds: readonly ViewerKind[];
  readonly blksize: number;
  /** No file gets longer. */
  readonly maxBlocks: number;
  /** Milliseconds between steps, at most. */
  readonly pause: number;
  /** Of so many steps one kills a client, and one the server; 0: nobody is killed. */
  readonly clientKillEvery?: number;
  readonly serverKillEvery?: number;
}

/** What a run has seen. */
export interface RandomResult {
  readonly steps: number;
  readonly commits: number;
  readonly killedClients: number;
  readonly killedServers: number;
  /** Claims of clients about what a file was at a moment, all checked. */
  readonly views: number;
  /** Moments that clients moved to. */
  readonly moves: number;
  /** Clients that ended by themselves, or were killed, and were started again. */
  readonly restarts: number;
  /** What was wrong. */
  readonly problems: readonly string[];
}

/** Lets clients look while this process commits and kills, and checks everything they say. */
export async function runRandomClients(world: RestartableWorld, run: RandomRun): Promise<RandomResult> {
  const random = randomNumbers(run.seed);
  const writer = new Writer(world.database, run, random);
  for (let first = 0; first < 10; first++) writer.commit();
  await world.untilShown();
  const viewers = new Viewers(world, writer.model, (kind) =>
    [world.mountpoint, writer.file, run.blksize, run.maxBlocks, kind, random(1e9)].map(String),
  );
  viewers.start(run.kinds);
  const killed = { clients: 0, servers: 0 };
  const step = async (count: number) => {
    if (isTurn(count, run.serverKillEvery)) {
      killed.servers++;
      await viewers.survive(world.replaceServer());
      await world.untilShown();
    } else if (isTurn(count, run.clientKillEvery)) {
      killed.clients++;
      viewers.kill(random(1e6));
    } else if (random(50) === 0)
      viewers.suspend(random(1e6), random(200)); // shorter than the time for a pin
    else writer.commit();
    await sleep(random(run.pause));
  };
  const end = Date.now() + run.seconds * 1000;
  let steps = 0;
  while ((steps < run.steps || Date.now() < end) && viewers.problems.length === 0) await step(++steps);
  // A busy machine gets more time.
  const late = Date.now() + 30_000;
  while (viewers.views < run.views && Date.now() < late && viewers.problems.length === 0) await step(++steps);
  await viewers.end(() => writer.commit());
  const { views, moves, restarts, problems } = viewers;
  return {
    steps,
    commits: writer.commits,
    killedClients: killed.clients,
    killedServers: killed.servers,
    views,
    moves,
    restarts,
    problems,
  };
}

/** A line about a run. */
export function summary({ problems, ...result }: RandomResult): string {
  const parts = Object.entries(result).map(([name, value]) => `${name} ${value}`);
  return `${parts.join(", ")}, problems ${problems.length}`;
}

// Not at random: a run of a given length has a given number of them.
function isTurn(count: number, every = 0): boolean {
  return every > 0 && count % every === 0;
}

/** Commits random changes, and knows what they come to. */
class Writer {
  readonly file: string;
  readonly model: FileModel;
  commits = 0;
  readonly #database: BigFiles;
  readonly #run: RandomRun;
  readonly #random: (limit: number) => number;

  constructor(database: BigFiles, run: RandomRun, random: (limit: number) => number) {
    const { oid, tid } = database.createFile(run.blksize);
    this.file = oid;
    this.model = new FileModel(tid);
    this.#database = database;
    this.#run = run;
    this.#random = random;
  }

  commit(): void {
    const changes = this.#choose();
    this.#database.put(this.file, this.#toBlocks(changes), this.#random(2) === 0 ? "ZBlk0" : "ZBlk1");
    this.model.commit(this.#database.commit(), changes);
    this.commits++;
  }

  #choose(): BlockChanges {
    const middle = this.#run.maxBlocks >> 1;
    const isFirst = this.commits === 0;
    const changes = new Map<number, string | undefined>(isFirst ? [[middle, "c0"]] : []);
    for (let count = 1 + this.#random(4); count > 0; count--) {
      const blk = this.#random(this.#run.maxBlocks);
      // Only what is not at the end goes, so that the file never gets shorter, which clients rely on.
      const text = blk < middle && this.#random(8) === 0 ? undefined : `c${this.commits}b${blk}`;
      if (blk !== middle || !isFirst) changes.set(blk, text);
    }
    return changes;
  }

  #toBlocks(changes: BlockChanges): Record<number, Buffer | undefined> {
    return Object.fromEntries(
      [...changes].map(([blk, text]) => [blk, text === undefined ? undefined : blockOf(text, this.#run.blksize)]),
    );
  }
}

function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * limit);
  };
}
