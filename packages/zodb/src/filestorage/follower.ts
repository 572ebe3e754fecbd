import { closeSync, fstatSync, statSync } from "node:fs";
import { toError } from "@belay/supervise";
import { ZodbError } from "../errors/zodb-error.ts";
import type { Tid } from "../ids/tid.ts";
import type { Invalidation } from "../storage.ts";
import { follow } from "./follow.ts";
import { STATUS } from "./format.ts";
import { buildGeneration, identityOf, type Generation, type Progress } from "./generation.ts";
import type { Generations } from "./generations.ts";
import { recordsOf, seekTid, transactionsBackwards, transactionsFrom } from "./iterate.ts";
import { openRegular } from "./open-regular.ts";
import { FileWatch } from "./watch.ts";

/** How long one poll may work, in ms; what is left is done by the next ones. */
const SLICE_MS = 40;
/** Transactions that must not have gone back when a file takes the place of another. */
const COMPARED = 16;

/**
 * Keeps a storage up to date with a file that another process appends to or packs.
 *
 * A pack renames the file away and a new one into its place, holding the commit lock. The old file is followed to its end
 * first. The index of the new one is then built, over several polls if it is large; the old one serves meanwhile. No object
 * changes by a pack.
 */
export class Follower implements Disposable {
  readonly watch: FileWatch;
  readonly #path: string;
  readonly #generations: Generations;
  #build: { fd: number; steps: Generator<Progress, Generation> } | undefined;
  #failure: Error | undefined;
  #head: Tid;

  /** @param path  of the file; a link to it is followed at each look */
  constructor(path: string, generations: Generations) {
    this.#path = path;
    this.#generations = generations;
    this.#head = generations.current.lastTid;
    this.watch = new FileWatch(path);
  }

  /** Newest transaction taken in. */
  head(): Tid {
    return this.#head;
  }

  /** @throws ZodbError `EDAMAGED`, from then on always; loads go on */
  poll(): Invalidation[] {
    if (this.#failure !== undefined) throw this.#failure;
    const out: Invalidation[] = [];
    try {
      this.#work(out);
    } catch (error) {
      this.#failure = toError(error);
      if (out.length === 0) throw this.#failure;
      this.watch.wake(); // What was found before is told first.
    }
    this.#head = out.at(-1)?.tid ?? this.#head;
    return out;
  }

  #work(out: Invalidation[]): void {
    const until = performance.now() + SLICE_MS;
    this.watch.drain();
    // First the name, then the content: a file that has lost its name to another does not grow any more.
    if (this.#build === undefined && this.#replaced()) this.#startBuild();
    if (!follow(this.#generations.current, out, until)) {
      this.watch.wake();
    } else if (this.#build !== undefined && !this.#continueBuild(out, until)) {
      this.watch.wake();
    }
  }

  #replaced(): boolean {
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    return stat !== undefined && identityOf(stat) !== this.#generations.current.identity;
  }

  #startBuild(): void {
    const fd = openRegular(this.#path, "r");
    this.#build = { fd, steps: buildGeneration(this.#path, fd) };
    this.watch.watchFile();
  }

  /** @returns whether it is done */
  #continueBuild(out: Invalidation[], until: number): boolean {
    if (this.#build === undefined) return true;
    const { steps } = this.#build;
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) {
        this.#accept(step.value, out);
        return true;
      }
      if (performance.now() > until) return false;
    }
  }

  #accept(next: Generation, out: Invalidation[]): void {
    const head = out.at(-1)?.tid ?? this.#head;
    checkDescends(this.#generations.current, next);
    this.#generations.replace(next);
    this.#build = undefined;
    pushAfter(next, head, out);
    // It may have been replaced again, or have grown, since its events were taken away.
    this.watch.wake();
  }

  [Symbol.dispose](): void {
    if (this.#build !== undefined) closeSync(this.#build.fd);
    this.watch[Symbol.dispose]();
  }
}

function pushAfter(generation: Generation, head: Tid, out: Invalidation[]): void {
  for (const transaction of transactionsFrom(generation, seekTid(generation, head + 1n))) {
    const oids = new Set<bigint>();
    if (transaction.status !== STATUS.undone) {
      for (const record of recordsOf(generation.path, generation.fd, transaction)) oids.add(record.oid);
    }
    out.push({ tid: transaction.tid, oids: [...oids] });
  }
}

// A pack may drop the newest transactions, when all their objects are garbage; it never takes an object back to an older revision.
function checkDescends(old: Generation, next: Generation): void {
  let compared = 0;
  for (const transaction of transactionsBackwards(old)) {
    if (transaction.tid <= next.lastTid && ++compared > COMPARED) return;
    if (transaction.status === STATUS.undone) continue;
    for (const record of recordsOf(old.path, old.fd, transaction)) {
      const serial = next.revisions.current(record.oid);
      if (serial !== undefined && serial < transaction.tid) throw olderState(old.path, next, fstatSync(next.fd).size);
    }
  }
}

function olderState(path: string, next: Generation, size: number): ZodbError {
  return new ZodbError(
    "EDAMAGED",
    `${path} was replaced by an older state of the database (${size} bytes, ${next.pos} of them sound)`,
    {
      hint: "open it anew to serve the older state",
    },
  );
}
