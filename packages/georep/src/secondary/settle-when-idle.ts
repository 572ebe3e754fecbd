import type { Logger } from "@belay/supervise";

import type { ObjectMap } from "./object-map.ts";
import { noteSure } from "./unsure.ts";

/** Nothing was asked for that long: a worker that has more to say has said it by now. */
const idleMs = 100;

/** Has what a first copy has left to be sorted in settled a little at a time, while no batch is under way. */
export class SettleWhenIdle implements Disposable {
  readonly #map: ObjectMap;
  readonly #logger: Logger;
  readonly #isIdle: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** @param isIdle  false: there is a batch, even if the database has taken it back, and what it has made is not known to be sure */
  constructor(map: ObjectMap, logger: Logger, isIdle: () => boolean) {
    this.#map = map;
    this.#logger = logger;
    this.#isIdle = isIdle;
  }

  /** A batch is finished: it is time when nothing follows. */
  begin(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), idleMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  // Requests that came meanwhile are worked through between two parts.
  #settle(): void {
    if (!this.#isIdle()) return;
    try {
      // Each write counts as work of ours, see `lastWork`; but nothing is made now that could be ours.
      if (this.#map.settleSome(() => noteSure(this.#map))) this.#timer = setTimeout(() => this.#settle(), 0);
    } catch (error) {
      // There may be no room. What waits is durable; the next batch tries it again, or whoever asks for it.
      this.#logger.debug(`what was made has not been sorted in: ${String(error)}`);
    }
  }
}
