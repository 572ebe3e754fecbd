import type { FixedMemory } from "@belay/linux";
import { toError } from "@belay/supervise";

import { keyOf, type FileId } from "../ids/file-id.ts";
import type { Ends } from "../plan/ends.ts";
import type { ContentRoom } from "../plan/content-room.ts";
import { makePlan, newContentRoom, type LookFailure, type Plan } from "../plan/planner.ts";
import type { DirtyName } from "../plan/dirty-set.ts";
import { nameToFill, type Filling } from "../plan/fill-directory.ts";
import { newFillMemory, planFill, type FillPlan, type FillRoom } from "../plan/fill-plan.ts";
import type { ApplyReply, ObjectChange } from "../rpc/messages.ts";
import { malformed } from "../rpc/wire.ts";
import { BatchDirectories } from "./batch-directories.ts";
import { isParentless, namesToFollow } from "./followers.ts";
import type { BatchOutcome, Keep } from "./join-progress.ts";
import type { HotFiles } from "./hot-files.ts";
import { Unsettled } from "./unsettled.ts";
import type { NamedPlace, WantedContent } from "./wanted-content.ts";
import type { Window } from "./window.ts";

/** What all batches of a line share. */
export interface BatchContext {
  readonly ends: Ends;
  readonly window: Window;
  readonly content: WantedContent;
  readonly hot: HotFiles;
  /** Rooms for the contents of plans that nobody uses just now. */
  readonly rooms: ContentRoom[];
  /** The same for messages that fill directories. */
  readonly fillMemory: FixedMemory[];
  /** See {@link BatchDirectories}. */
  readonly presumes: boolean;
  /** Told whenever a request was answered. */
  readonly onAnswer: () => void;
}

/** What the kinds of a request cost besides content, roughly, in bytes. */
const overhead = 200;

/** Names on their way to the destination that become durable together. After an error nothing is known about any of them. */
export class Batch {
  readonly #context: BatchContext;
  #gate: Promise<unknown>;
  readonly #unsettled = new Unsettled();
  readonly #abandoned = Promise.withResolvers<undefined>();
  readonly names: DirtyName[] = [];
  /** What fills directories; what of it cannot go as it is joins the names. */
  readonly fillings: Filling[] = [];
  readonly directories: BatchDirectories;
  /** Names that were given, those that fill directories too. */
  size = 0;
  readonly keeps: Keep[] = [];
  /** Since when changes are in it, which are not durable before its end. */
  changedSince: number | undefined;
  readonly #failures: LookFailure[] = [];
  readonly #places = new Map<string, NamedPlace>();
  #bytes = 0;
  #sent = 0;
  /** How many of the fillings have been sent, and of the next one how many entries. */
  #filledUp = 0;
  #filledOfNext = 0;
  #underWay = 0;
  #settled = Promise.withResolvers<undefined>();
  error: Error | undefined;
  #isAbandoned = false;

  /** @param gate  what is sent waits for it: the batch before this one has to be finished by the destination first */
  constructor(context: BatchContext, gate: Promise<unknown>) {
    this.#context = context;
    this.directories = new BatchDirectories(context.presumes);
    this.#gate = Promise.race([gate, this.#abandoned.promise]);
  }

  /** Takes names, and what is to be kept when they are durable. */
  take(names: readonly DirtyName[], keep: Keep, fillings: readonly Filling[] = []): void {
    for (const name of names) this.names.push(name);
    for (const filling of fillings) this.fillings.push(filling);
    this.size += fillings.reduce((sum, { entries }) => sum + entries.length, names.length);
    this.keeps.push(keep);
    if (keep.cursor !== undefined) this.changedSince ??= performance.now();
  }

  /** All names have been sent and answered, and what the answers asked for is done. */
  get isSettled(): boolean {
    return this.#underWay === 0 && !this.#hasMore;
  }

  /** Content is being sent that was asked for. */
  get isSending(): boolean {
    return this.#context.content.underWay > 0;
  }

  /** Nothing more of this batch is sent. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#abandoned.resolve(undefined);
  }

  /** Looks at the next names and sends what is to be said of them. @returns whether there are more */
  sendNext(): boolean {
    if (this.#isAbandoned || this.error !== undefined) return false;
    const filling = this.fillings[this.#filledUp];
    if (filling !== undefined) this.#fillNext(filling);
    else if (this.#sent < this.names.length) {
      const room = this.#room();
      const plan = makePlan({ ...this.#context.ends, room }, this.names, this.#sent);
      this.#sent = plan.next;
      this.#track(this.#apply(plan, room));
    }
    return this.#hasMore;
  }

  get #hasMore(): boolean {
    return this.#filledUp < this.fillings.length || this.#sent < this.names.length;
  }

  #fillNext(filling: Filling): void {
    const { ends, fillMemory } = this.#context;
    const room = { memory: fillMemory.pop() ?? newFillMemory(), slot: ends.secondary.contents?.take() };
    const plan = planFill({ ...ends, ...room }, filling, this.#filledOfNext);
    this.#filledOfNext = plan.next;
    if (plan.next >= filling.entries.length) [this.#filledUp, this.#filledOfNext] = [this.#filledUp + 1, 0];
    for (const name of plan.rest) this.names.push(name);
    this.#bytes += plan.bytes;
    if (plan.files.length > 0) this.#track(this.#sendFill(filling, plan, room));
    else {
      fillMemory.push(room.memory);
      ends.secondary.contents?.give(room.slot);
    }
  }

  async #sendFill(filling: Filling, plan: FillPlan, { memory, slot }: FillRoom): Promise<void> {
    const { window, ends, fillMemory } = this.#context;
    const { message, files, size } = plan;
    window.take(size);
    const left = await this.#askWhenOpen(() => ends.secondary.fill(message)).finally(() => {
      window.release(size);
      ends.secondary.contents?.give(slot);
    });
    fillMemory.push(memory);
    if (this.directories.isRefused(filling.directory)) return;
    const names = left.map((index) => nameToFill(filling, files[index] ?? strangeAnswer()));
    await this.#applyAll(names, true);
  }

  /** Resolves when everything that was sent is answered. @throws the first error of them */
  async settled(): Promise<void> {
    while (this.#underWay > 0) await this.#settled.promise;
    if (this.error !== undefined) throw this.error;
  }

  /** Directories that have still to be looked at, should this batch be done again. */
  get unlooked(): FileId[] {
    const { toCompare, unfilled } = this.directories;
    return [...toCompare, ...unfilled, ...this.fillings.map(({ directory }) => directory)];
  }

  /**
   * Directories that have to be compared should nobody note the end of this batch: those that are left to a comparison, and those that were filled, or in
   * which something has failed, as only its answers have told of that. Whoever does it again is not told anew.
   */
  get owed(): FileId[] {
    const { toCompare, unfilled, filled } = this.directories;
    const failed = this.#failures.map((failure) => this.#named(failure)).filter(({ name }) => name.length > 0);
    return [...toCompare, ...unfilled, ...filled, ...failed.map(({ id }) => id)];
  }

  /** Resolves when all of it is durable. To be called when it has settled; the request is on its way when this returns. */
  async finish(): Promise<BatchOutcome> {
    // Of a comparison that found all equal there is nothing to be made durable.
    const finished = this.size > 0 ? await this.#context.ends.secondary.finish() : [];
    const failures = [...this.#failures, ...finished];
    return {
      crawl: this.directories.toCompare,
      fresh: this.directories.unfilled,
      filled: this.directories.filled,
      failures: withReasons(failures.map((failure) => this.#named(failure))),
      entries: this.size,
      bytes: this.#bytes,
    };
  }

  /** Of an object: by a name of it, where one is known. */
  #named(failure: LookFailure): LookFailure {
    const place = failure.name.length === 0 ? this.#places.get(keyOf(failure.id)) : undefined;
    return place === undefined ? failure : { ...failure, id: place.directory, name: place.name };
  }

  #track(work: Promise<void>): void {
    this.#underWay++;
    void work
      .catch((error: unknown) => (this.error ??= toError(error)))
      .finally(() => {
        this.#underWay--;
        if (this.#underWay === 0) {
          this.#settled.resolve(undefined);
          this.#settled = Promise.withResolvers();
        }
        this.#context.onAnswer();
      });
  }

  #room(): ContentRoom {
    const room = this.#context.rooms.pop() ?? newContentRoom();
    room.clear();
    return room;
  }

  async #apply(plan: Plan, room: ContentRoom, mayFollow = true): Promise<void> {
    const { ends, rooms } = this.#context;
    this.#failures.push(...plan.failures);
    this.directories.compare(plan.crawl);
    const { objects, entries } = plan.request;
    if (objects.length + entries.length === 0) {
      rooms.push(room);
      return;
    }
    for (const [key, place] of plan.places) this.#places.set(key, place);
    this.#bytes += plan.bytes;
    const reply = await this.#send(plan, room);
    const following = mayFollow ? namesToFollow(ends.tree, plan.request, reply) : [];
    // What is followed up has not failed yet.
    this.#failures.push(...(mayFollow ? reply.failures.filter((each) => !isParentless(each)) : reply.failures));
    await this.#applyAll(following, false);
  }

  async #applyAll(names: readonly DirtyName[], mayFollow: boolean): Promise<void> {
    for (let at = 0; at < names.length;) {
      const room = this.#room();
      const plan = makePlan({ ...this.#context.ends, room }, names, at);
      at = plan.next;
      await this.#apply(plan, room, mayFollow);
    }
  }

  // The request, and the content that the answer asks for.
  async #send(plan: Plan, room: ContentRoom): Promise<ApplyReply> {
    const { window, content } = this.#context;
    const { objects, entries } = plan.request;
    const size = plan.bytes + overhead * (objects.length + entries.length);
    const before = this.#unsettled.before(objects);
    // All that comes behind it waits, too: what is said later has to arrive later.
    if (before !== undefined) this.#gate = Promise.all([this.#gate, before]);
    const settle = this.#unsettled.begin(objects);
    const cool = this.#context.hot.begin(objects, this.#places);
    const told = this.directories.tell(objects, plan.absent);
    try {
      window.take(size);
      const reply = await this.#ask(plan, room).finally(() => {
        window.release(size);
        this.directories.heard(told);
      });
      refuseOthers(reply, objects);
      this.directories.take(reply, told);
      const { bytes, failures } = await content.send(reply.wants, this.#places);
      this.#bytes += bytes;
      this.#failures.push(...failures);
      return reply;
    } finally {
      settle();
      cool();
    }
  }

  #ask({ request, bytes }: Plan, room: ContentRoom): Promise<ApplyReply> {
    return this.#askWhenOpen(() => {
      const reply = this.#context.ends.secondary.apply(request, bytes);
      this.#context.rooms.push(room); // its content is in the message by now
      return reply;
    });
  }

  async #askWhenOpen<T>(ask: () => Promise<T>): Promise<T> {
    await this.#gate;
    if (this.#isAbandoned) throw new Error("abandoned");
    return ask();
  }
}

function strangeAnswer(): never {
  throw malformed("a file left alone that it was not told of");
}

// Whoever receives gets what is replicated, and no other file that we may read.
function refuseOthers({ wants }: ApplyReply, objects: readonly ObjectChange[]): void {
  if (wants.length === 0) return;
  const told = new Set(objects.map(({ id }) => keyOf(id)));
  if (wants.some(({ id }) => !told.has(keyOf(id)))) throw malformed("a call for the content of what was not told of");
}

// That content did not come is what the destination knows; why is what the source says.
function withReasons(failures: readonly LookFailure[]): LookFailure[] {
  const keyOfFailure = ({ id, name }: LookFailure) => `${keyOf(id)}/${keyOf(name)}`;
  const explained = new Set(failures.filter(({ code }) => code !== "ENODATA").map(keyOfFailure));
  return failures.filter((failure) => failure.code !== "ENODATA" || !explained.has(keyOfFailure(failure)));
}
