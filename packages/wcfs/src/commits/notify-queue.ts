import type { FileRange } from "./kernel-cache.ts";
import type { NotifyRequest } from "./notify-messages.ts";

type Kind<K extends NotifyRequest["kind"]> = Extract<NotifyRequest, { kind: K }>;

/**
 * What the notify thread has to do next: commits first, then questions, then stores.
 *
 * A commit drops the stores of what it invalidates: they carry bytes from before it.
 */
export class NotifyQueue {
  readonly #commits: (Kind<"commit"> | Kind<"find-cached">)[] = [];
  #stores: Kind<"store">[] = [];
  #stopped = false;

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Requests that wait. */
  get size(): number {
    return this.#commits.length + this.#stores.length;
  }

  /** @returns the ids of stores that were dropped for it */
  add(request: NotifyRequest): number[] {
    if (request.kind === "stop") this.#stopped = true;
    else if (request.kind === "store") this.#stores.push(request);
    else this.#commits.push(request);
    return request.kind === "commit" ? this.#dropTouched(request.ranges) : [];
  }

  next(): Exclude<NotifyRequest, { kind: "stop" }> | undefined {
    return this.#commits.shift() ?? this.#stores.shift();
  }

  #dropTouched(ranges: readonly FileRange[]): number[] {
    const touched = (store: Kind<"store">) => ranges.some((range) => range.node === store.node && overlap(range, store));
    const dropped = this.#stores.filter(touched);
    if (dropped.length > 0) this.#stores = this.#stores.filter((store) => !touched(store));
    return dropped.map((store) => store.id);
  }
}

function overlap(a: { offset: number; length: number }, b: { offset: number; length: number }): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}
