import { noEntries, type DirectoryEntries } from "@belay/linux";
import { toError } from "@belay/supervise";

import { crawlDirectory, type Crawling } from "../plan/crawl.ts";
import { dirty } from "../journal/record.ts";
import { dirtyName, type DirtyName } from "../plan/dirty-set.ts";
import type { Ends } from "../plan/ends.ts";
import { keyOf } from "../ids/file-id.ts";
import { entriesToFill, workToFill, type FillWork } from "../plan/fill-directory.ts";
import { errnoFailure } from "../rpc/failure.ts";
import { maxListedDirectories, type ListReply } from "../rpc/list-messages.ts";
import type { Keep } from "./join-progress.ts";
import type { CrawlItem, WorkQueue } from "./queue.ts";

/** Names that a comparison found, and what is to be kept when they are applied. */
export interface CrawlWork extends Partial<Pick<FillWork, "fillings">> {
  readonly names: readonly DirtyName[];
  readonly keep: Keep;
  /** The root of the source is empty, and the destination is not. */
  readonly isRootEmptied: boolean;
}

/** Most directories of one request: while the destination looks at them, those of another answer are compared here. */
const askedTogether = maxListedDirectories / 4;
/** Most requests whose answers are waited for. */
const mostAsked = 3;
/** Most portions of directories that wait here for being compared. */
const mostReady = 64;
/** Most directories whose comparison has begun and is not recorded as done. */
const mostUnderWay = 512;
/** Most names of a fresh directory at once. */
const fillNames = 500;

/** A directory that is compared, in how many parts that are not done. */
interface UnderWay {
  readonly item: CrawlItem;
  parts: number;
}

interface Asked {
  readonly of: UnderWay;
  readonly crawling: Crawling;
}

/** Compares the directories of the queue: some are listed while others are looked at. */
export class Crawler {
  readonly #ends: Ends;
  readonly #queue: WorkQueue;
  readonly #onReady: () => void;
  readonly #underWay = new Set<number>();
  /** Directories that the destination did not know: their names were told. Once, as such a name may fail, and is tried again then. */
  readonly #told = new Set<string>();
  readonly #toAsk: Asked[] = [];
  readonly #ready: Iterator<CrawlWork, void>[] = [];
  #asked = 0;
  #isExhausted = false;
  #failure: Error | undefined;

  /** @param onReady  told whenever an answer has come */
  constructor(ends: Ends, queue: WorkQueue, onReady: () => void) {
    this.#ends = ends;
    this.#queue = queue;
    this.#onReady = onReady;
  }

  /** Nothing is being compared. */
  get isIdle(): boolean {
    return this.#underWay.size === 0;
  }

  /** Takes note of what was recorded: what is done, and that there may be more to do. */
  recorded(done: readonly CrawlItem[] = []): void {
    for (const { seq } of done) this.#underWay.delete(seq);
    this.#isExhausted = false;
  }

  /** What was found next; undefined: nothing yet, or there is nothing to compare. @throws what a listing failed with */
  next(): CrawlWork | undefined {
    this.#ask();
    if (this.#failure !== undefined) throw this.#failure;
    for (let first = this.#ready[0]; first !== undefined; first = this.#ready[0]) {
      const { value } = first.next();
      if (value !== undefined) return value;
      this.#ready.shift();
    }
    return undefined;
  }

  #ask(): void {
    while (this.#asked < mostAsked && this.#ready.length < mostReady) {
      if (this.#toAsk.length === 0) this.#refill();
      const group = this.#toAsk.splice(0, askedTogether);
      if (group.length === 0) return;
      this.#asked++;
      this.#list(group).catch((error: unknown) => (this.#failure ??= toError(error))).finally(this.#onReady); // prettier-ignore
    }
  }

  async #list(group: readonly Asked[]): Promise<void> {
    try {
      const replies = await this.#ends.secondary.list(group.map(({ crawling }) => crawling.request));
      const again = group.filter(({ crawling }, index) => {
        const reply = replies[index];
        return reply === undefined || crawling.expectAfter(reply);
      });
      this.#toAsk.unshift(...again);
      for (const [index, reply] of replies.entries()) {
        const asked = group[index];
        if (asked !== undefined) this.#ready.push(this.#compare(asked, reply));
      }
    } finally {
      this.#asked--;
    }
  }

  #refill(): void {
    if (this.#isExhausted || this.#underWay.size >= mostUnderWay) return;
    const next = this.#queue.nextCrawls(this.#underWay.size + 4 * askedTogether);
    const side = { tree: this.#ends.tree, policy: this.#ends.policy };
    const items = next.filter(({ seq }) => !this.#underWay.has(seq));
    if (items.length === 0) this.#isExhausted = true;
    for (const item of items) {
      this.#underWay.add(item.seq);
      if (item.isFresh) this.#ready.push(this.#fill(item));
      else this.#toAsk.push({ of: { item, parts: 1 }, crawling: crawlDirectory(side, item.directory) });
    }
  }

  *#compare({ of, crawling }: Asked, reply: ListReply): Generator<CrawlWork, void> {
    const { directory } = of.item;
    const isRoot = directory.equals(this.#ends.tree.rootId);
    const tellsItself = !this.#told.delete(keyOf(directory)) && !reply.known;
    if (tellsItself) this.#told.add(keyOf(directory));
    for (const { dirty, below, failures, isEmptied, differing, isDone } of crawling.compare(reply, tellsItself)) {
      if (differing !== undefined) {
        of.parts++;
        this.#toAsk.unshift({ of, crawling: differing });
      }
      if (isDone) of.parts--;
      const names = dirty.map((record) => dirtyName(record, record.kinds));
      const keep = { below, failed: failures, crawled: of.parts === 0 ? [of.item] : [] };
      yield { names, keep, isRootEmptied: isRoot && isEmptied };
    }
  }

  // It was made in an earlier batch: its own times have to be set again.
  *#fill(item: CrawlItem): Generator<CrawlWork, void> {
    const { directory } = item;
    const { entries, failed } = this.#entriesOf(item);
    for (let at = 0; at === 0 || at < entries.length; at += fillNames) {
      const isDone = at + fillNames >= entries.length;
      const keep = { failed: isDone ? failed : [], crawled: isDone ? [item] : [] };
      const portion = entries.slice(at, at + fillNames);
      const { fillings, names } = workToFill(this.#ends.policy, { directory, entries: portion });
      const itself = portion.length === 0 ? [] : [dirtyName({ directory, name: nothing }, dirty.entry)];
      yield { names: [...itself, ...names], fillings, keep, isRootEmptied: false };
    }
  }

  #entriesOf({ directory }: CrawlItem): { entries: DirectoryEntries; failed: NonNullable<Keep["failed"]> } {
    try {
      return { entries: entriesToFill(this.#ends.tree, directory), failed: [] };
    } catch (error) {
      return { entries: noEntries, failed: [errnoFailure(directory, error)] };
    }
  }
}

const nothing = Buffer.alloc(0);
