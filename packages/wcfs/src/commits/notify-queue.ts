import type { NotifyRequest } from "./notify-messages.ts";

type Kind<K extends NotifyRequest["kind"]> = Extract<NotifyRequest, { kind: K }>;

/** What can be carried out. */
export type NotifyJob = Exclude<NotifyRequest, { kind: "stop" }>;

/** What the notify thread has to do next: what commits need first, then stores. */
export class NotifyQueue {
  readonly #urgent: Exclude<NotifyJob, Kind<"store">>[] = [];
  readonly #stores: Kind<"store">[] = [];
  #stopped = false;

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Requests that wait. */
  get size(): number {
    return this.#urgent.length + this.#stores.length;
  }

  /** @returns the ids of stores that are dropped for it */
  add(request: NotifyRequest): number[] {
    if (request.kind === "stop") this.#stopped = true;
    else if (request.kind === "store") this.#stores.push(request);
    else this.#urgent.push(request);
    return request.kind === "quiesce" ? this.#stores.splice(0).map((store) => store.id) : [];
  }

  next(): NotifyJob | undefined {
    return this.#urgent.shift() ?? this.#stores.shift();
  }
}
