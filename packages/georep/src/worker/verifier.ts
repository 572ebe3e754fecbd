import { close } from "@belay/linux";
import { toError } from "@belay/supervise";

import { fileIdAt, idOfKey, keyOf, type FileId } from "../ids/file-id.ts";
import type { Ends } from "../plan/ends.ts";
import { listAll } from "../plan/list-all.ts";
import { Exclusions } from "../plan/exclusion.ts";
import { errnoFailure } from "../rpc/failure.ts";
import type { Failure } from "../rpc/messages.ts";
import type { Difference } from "../tree/compare.ts";
import { namesIn } from "../tree/names-in.ts";
import { isDirectory } from "../tree/object-state.ts";
import { deviceOf, isGone, statAt } from "../tree/read-object.ts";
import { compareNames, type NameDifference } from "../verify/compare-names.ts";
import type { CompareProgress, CompareQueue } from "./compare-queue.ts";
import type { WorkQueue } from "./queue.ts";

const portion = 200;
/** How often a name is applied again because of a difference, before it goes to the retry queue. */
const mostRounds = 3;
const nothing = Buffer.alloc(0);

/** What one step of a comparison found, and what of it is to be kept. */
export interface VerifyStep {
  readonly differences: readonly NameDifference[];
  readonly failures: readonly Failure[];
  readonly progress: CompareProgress;
}

interface Waiting {
  readonly resolve: (differences: readonly Difference[]) => void;
  readonly reject: (error: Error) => void;
}

/** Compares by digest, in steps between which the worker does what is more urgent. */
export class Verifier {
  readonly #ends: Ends;
  readonly #queue: CompareQueue;
  readonly #waiting = new Set<Waiting>();
  readonly #found: Difference[] = [];
  readonly #rounds = new Map<string, number>();
  #directory: { readonly id: FileId; names: Buffer[] } | undefined;

  constructor(ends: Ends & { readonly queue: WorkQueue }) {
    this.#ends = ends;
    this.#queue = ends.queue.compare;
  }

  get isUnderWay(): boolean {
    return this.#queue.current !== undefined;
  }

  /** Begins to compare everything. */
  beginWhole(withContent: boolean): void {
    this.#queue.beginWhole(this.#ends.tree.rootId, withContent);
  }

  /** Begins to compare what was applied since the last time; everything, where nobody kept count of that. */
  beginApplied(): void {
    if (!this.#ends.policy.verifiesCheckpoints || !this.#queue.beginApplied()) this.beginWhole(true);
  }

  /** What differed, when the comparison under way is done and what differed was applied again. Aborting ends the comparison. */
  result(signal: AbortSignal | undefined): Promise<readonly Difference[]> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { resolve, reject };
      this.#waiting.add(waiting);
      const abort = () => {
        if (!this.#waiting.delete(waiting)) return;
        if (this.#waiting.size === 0) this.#end();
        reject(toError(signal?.reason));
      };
      signal?.addEventListener("abort", abort, { once: true });
      if (signal?.aborted === true) abort();
    });
  }

  /** The worker ends: what is on disk is gone on with by the next. */
  fail(error: Error): void {
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  /** Compares the next names. @returns undefined when everything is done */
  async step(): Promise<VerifyStep | undefined> {
    const withContent = this.#queue.current?.withContent ?? true;
    const names = this.#queue.nextNames(portion);
    const [first] = names;
    if (first !== undefined) {
      const found = await this.#compare(first.directory, names.map(({ name }) => name), withContent); // prettier-ignore
      return { ...found, progress: { compared: names } };
    }
    const tree = this.#directory?.id ?? this.#queue.nextTree;
    if (tree !== undefined) return this.#stepInTree(tree, withContent);
    const differences = this.#found.splice(0);
    for (const { resolve } of this.#waiting) resolve(differences);
    this.#waiting.clear();
    this.#end();
    return undefined;
  }

  /** Notes differences that were not on their way anyhow. @returns those that remain after having been applied again and again */
  note(differences: readonly NameDifference[]): {
    readonly again: readonly NameDifference[];
    readonly lasting: readonly Failure[];
  } {
    const again: NameDifference[] = [];
    const lasting: Failure[] = [];
    for (const difference of differences) {
      const { directory, name, aspect } = difference;
      const key = `${keyOf(directory)}/${keyOf(name)}/${aspect}`;
      const round = (this.#rounds.get(key) ?? 0) + 1;
      this.#rounds.set(key, round);
      if (round === 1) this.#found.push(difference);
      if (round <= mostRounds) again.push(difference);
      else lasting.push({ id: directory, name, code: "EDIFFERS", message: lastingText(difference) });
    }
    return { again, lasting };
  }

  #end(): void {
    this.#queue.end();
    this.#rounds.clear();
    this.#found.length = 0;
    this.#directory = undefined;
  }

  async #stepInTree(id: FileId, withContent: boolean): Promise<VerifyStep> {
    const fresh = this.#directory === undefined ? await this.#openTree(id) : undefined;
    if (fresh !== undefined && fresh.failures.length > 0)
      return { differences: [], failures: fresh.failures, progress: { comparedTree: id } };
    const directory = (this.#directory ??= { id, names: fresh?.names ?? [] });
    const names = directory.names.splice(0, portion);
    const found = await this.#compare(id, names, withContent);
    const isDone = directory.names.length === 0;
    if (isDone) this.#directory = undefined;
    return { ...found, progress: { treesToCompare: fresh?.below ?? [], comparedTree: isDone ? id : undefined } };
  }

  async #compare(id: FileId, names: readonly Buffer[], withContent: boolean): Promise<Omit<VerifyStep, "progress">> {
    const { differences, failures } = await compareNames(this.#ends, id, names, withContent);
    return { differences, failures };
  }

  // The names of both sides, and the directories among them.
  async #openTree(id: FileId): Promise<{ names: Buffer[]; below: FileId[]; failures: Failure[] }> {
    const there = await listAll(this.#ends.secondary, id);
    const names = new Map<string, Buffer>([["", nothing]]);
    const below: FileId[] = [];
    try {
      for (const { name, below: directory } of namesHere(this.#ends, id)) {
        names.set(keyOf(name), name);
        if (directory !== undefined) below.push(directory);
      }
    } catch (error) {
      return { names: [], below: [], failures: [errnoFailure(id, error)] };
    }
    for (const key of there?.keys() ?? []) names.set(key, idOfKey(key));
    return { names: [...names.values()], below, failures: [] };
  }
}

function lastingText({ aspect, expected, found }: Difference): string {
  if (aspect === "missing") return "it is not at the destination, however often it is applied";
  if (aspect === "extra") return "it is at the destination, however often it is removed";
  return `${aspect} is ${found} and not ${expected}, however often it is applied`;
}

function namesHere({ tree, policy }: Ends, id: FileId): { name: Buffer; below: FileId | undefined }[] {
  const fd = tree.openDirectory(id);
  if (fd === undefined) return [];
  try {
    const { isWhole, leavesOut } = new Exclusions(tree, policy.excludes).of(id, fd);
    const names = isWhole ? [] : namesIn(fd, id.equals(tree.rootId)).map(idOfKey);
    return names.map((name) => {
      const stat = statAt(fd, name);
      const isBelow =
        stat !== undefined && isDirectory(stat.mode) && deviceOf(stat) === tree.device && !leavesOut(name, true);
      const below = isBelow ? idOrGone(fd, name) : undefined;
      if (below !== undefined) tree.places.learn(below, id, name);
      return { name, below };
    });
  } finally {
    close(fd);
  }
}

function idOrGone(fd: number, name: Buffer): FileId | undefined {
  try {
    return fileIdAt(fd, name);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
