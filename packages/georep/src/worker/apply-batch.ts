import { setImmediate as turn } from "node:timers/promises";

import { close } from "@belay/linux";
import { errnoName, hasCode, toError } from "@belay/supervise";

import type { FileToSend, ProgramPlace } from "../engines/program/context.ts";
import { sendByProgram } from "../engines/program/send-by-program.ts";
import { sendContent, withDescriptor } from "../engines/stream.ts";
import { fileIdAt, keyOf, type FileId } from "../ids/file-id.ts";
import { dirty } from "../journal/record.ts";
import type { Ends } from "../plan/crawl.ts";
import { makePlan, type Plan } from "../plan/planner.ts";
import type { DirtyName } from "../plan/dirty-set.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import type { ApplyReply, Failure, Want } from "../rpc/messages.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { openFileAt } from "../tree/read-object.ts";
import { Slots } from "./slots.ts";

/** What became of a batch. */
export interface BatchOutcome {
  /** Directories that are new at the destination. */
  readonly crawl: readonly FileId[];
  readonly failures: readonly Failure[];
  readonly entries: number;
  readonly bytes: number;
}

/** Most names of one `apply`. */
const chunkSize = 250;

/** Most `apply` under way at once: while the destination works through one, the source is looked at for the next. */
const mostUnderWay = 3;

/** Names on their way to the destination, made durable together. */
export interface OpenBatch {
  /** Resolves when the destination has what these names stand for, but for how long is not said before {@link finish}. */
  apply(names: readonly DirtyName[]): Promise<void>;
  /** Resolves when all of it is durable. */
  finish(): Promise<BatchOutcome>;
}

/** Begins a batch. One at a time; after an error nothing is known about any of its names. */
export function openBatch(ends: Ends): OpenBatch {
  return new Applying(ends);
}

/** Makes the destination equal to the source for these names; durable when it resolves. */
export async function applyBatch(ends: Ends, names: readonly DirtyName[]): Promise<BatchOutcome> {
  const batch = openBatch(ends);
  await batch.apply(names);
  return batch.finish();
}

/** Most large files on their way at once, whatever `sync-jobs` says; each is open at both ends. */
const mostSending = 100;

/** Most files that a program is given at once; each is open meanwhile. */
const filesAtOnce = 200;

class Applying implements OpenBatch {
  readonly #tree: SourceTree;
  readonly #secondary: Secondary;
  readonly #crawl = new Map<string, FileId>();
  readonly #failures: Failure[] = [];
  readonly #places = new Map<string, { readonly directory: FileId; readonly name: Buffer }>();
  readonly #unsent: Failure[] = [];
  #entries = 0;
  #bytes = 0;
  /** Large files on their way at the same time. */
  readonly #sending: Slots;
  /** Programs of one `apply` come after those of another: there is one directory for what they bring. */
  #lastSent: Promise<void> = Promise.resolve();
  #failed: Error | undefined;

  readonly #policy: SyncPolicy;
  readonly #programs: ProgramPlace;

  constructor({ tree, secondary, policy, programs }: Ends) {
    this.#programs = programs;
    this.#tree = tree;
    this.#secondary = secondary;
    this.#policy = policy;
    this.#sending = new Slots(Math.min(policy.jobs, mostSending));
  }

  async apply(names: readonly DirtyName[]): Promise<void> {
    this.#entries += names.length;
    const underWay: Promise<void>[] = [];
    try {
      for (let at = 0; at < names.length; at += chunkSize) {
        if (underWay.length === mostUnderWay) await underWay.shift();
        const applied = this.#applyChunk(names.slice(at, at + chunkSize), true);
        applied.catch(() => undefined); // awaited in its turn
        underWay.push(applied);
        await turn(); // what was written leaves, what came is heard, before the next look
      }
    } finally {
      // The connection is in order again before anybody begins anew.
      const ends = await Promise.allSettled(underWay);
      for (const end of ends) if (end.status === "rejected") this.#failed ??= toError(end.reason);
    }
    if (this.#failed !== undefined) throw this.#failed;
  }

  async #applyChunk(names: readonly DirtyName[], mayFollow: boolean): Promise<void> {
    const plan = makePlan(this.#tree, names, this.#policy);
    this.#unsent.push(...plan.failures);
    for (const id of plan.crawl) this.#crawl.set(keyOf(id), id);
    if (plan.request.objects.length + plan.request.entries.length === 0) return;
    for (const [key, place] of plan.places) this.#places.set(key, place);
    for (const { inline } of plan.request.objects) this.#bytes += inline?.length ?? 0;
    const reply = await this.#secondary.apply(plan.request);
    for (const id of reply.crawl) this.#crawl.set(keyOf(id), id);
    const following = mayFollow ? this.#following(plan, reply) : [];
    if (following.length === 0) this.#failures.push(...reply.failures);
    if (this.#policy.engine === "stream") await this.#sending.each(reply.wants, (want) => this.#send(want));
    else await (this.#lastSent = this.#lastSent.then(() => this.#sendByProgram(reply.wants)));
    if (following.length > 0) await this.#applyChunk(following, false);
  }

  async finish(): Promise<BatchOutcome> {
    const failures = [...this.#failures, ...this.#unsent, ...(await this.#secondary.finish())];
    const named = failures.map((failure) => {
      const place = failure.name.length === 0 ? this.#places.get(keyOf(failure.id)) : undefined;
      return place === undefined ? failure : { ...failure, id: place.directory, name: place.name };
    });
    return { crawl: [...this.#crawl.values()], failures: named, entries: this.#entries, bytes: this.#bytes };
  }

  // What the reply shows to be missing from the batch: where a directory is now that lost its name, and the directories that lead to a name.
  #following({ request }: Plan, { detached, failures }: ApplyReply): DirtyName[] {
    const planned = new Set(request.entries.map(({ parent, name }) => `${keyOf(parent)}/${keyOf(name)}`));
    const moved = detached.flatMap((id) => this.#tree.whereIs(id) ?? []);
    const fresh = moved.filter(({ directory, name }) => !planned.has(`${keyOf(directory)}/${keyOf(name)}`));
    const isParentless = failures.some(({ code }) => code === "EPARENT");
    const ways = failures.flatMap(({ id, name }) => [...this.#wayTo(id), { directory: id, name }]);
    return [...fresh, ...(isParentless ? ways : [])].map(toDirtyName);
  }

  #wayTo(directory: FileId): { directory: FileId; name: Buffer }[] {
    const way: { directory: FileId; name: Buffer }[] = [];
    for (
      let at = this.#tree.whereIs(directory);
      at !== undefined && way.length < 1000;
      at = this.#tree.whereIs(at.directory)
    )
      way.unshift(at);
    return way;
  }

  async #sendByProgram(wants: readonly Want[]): Promise<void> {
    for (let at = 0; at < wants.length; at += filesAtOnce) {
      const files = wants.slice(at, at + filesAtOnce).flatMap(({ id }) => this.#openToSend(id));
      try {
        const ends = { secondary: this.#secondary, policy: this.#policy, place: this.#programs };
        const { bytes, failures } = await sendByProgram(ends, files);
        this.#bytes += bytes;
        this.#unsent.push(...failures);
      } finally {
        for (const { fd } of files) close(fd);
      }
    }
  }

  #openToSend(id: FileId): FileToSend[] {
    try {
      const fd = this.#open(id);
      return fd === undefined ? [] : [{ id, fd }];
    } catch (error) {
      const code = errnoName(error);
      if (code === undefined) throw error;
      this.#unsent.push({ id, name: Buffer.alloc(0), code, message: toError(error).message });
      return [];
    }
  }

  async #send(want: Want): Promise<void> {
    try {
      const fd = this.#open(want.id);
      if (fd === undefined) return; // gone meanwhile: its own event follows
      const { bytes } = await withDescriptor(fd, (open) => sendContent(this.#secondary, open, want));
      this.#bytes += bytes;
    } catch (error) {
      // Of the peer's errors only those about this file; of our own, all about reading it.
      const code = errnoName(error) ?? remoteCode(error);
      if (code === undefined) throw error;
      this.#unsent.push({ id: want.id, name: Buffer.alloc(0), code, message: toError(error).message });
    }
  }

  #open(id: FileId): number | undefined {
    const place = this.#places.get(keyOf(id));
    const directory = place && this.#tree.openDirectory(place.directory);
    if (place === undefined || directory === undefined) return this.#tree.openFile(id);
    try {
      const fd = openFileAt(directory, place.name);
      if (fd !== undefined && fileIdAt(fd, "").equals(id)) return fd;
      if (fd !== undefined) close(fd);
    } finally {
      close(directory);
    }
    return this.#tree.openFile(id);
  }
}

function toDirtyName({ directory, name }: { directory: FileId; name: Buffer }): DirtyName {
  return { directory, name, kinds: dirty.entry, objects: new Map() };
}

function remoteCode(error: unknown): string | undefined {
  if (hasCode(error, "EEXIST")) return "EEXIST"; // something there is in the way
  return hasCode(error, "EBADMSG", "ENOENT") ? "EBADMSG" : undefined;
}
