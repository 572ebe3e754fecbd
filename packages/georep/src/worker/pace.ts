/** What a worker has done since its start. */
export interface Done {
  readonly entries: number;
  readonly bytes: number;
  /** Directories compared. */
  readonly directories: number;
}

/** How fast it goes, and how long that will take. */
export interface PaceNow {
  /** Over the last ten seconds. */
  readonly entriesPerSecond: number;
  readonly bytesPerSecond: number;
  /**
   * Seconds until what is known of is done: directories that wait to be compared count as one step, and as many entries as those before had on
   * average. What is below them is not known of yet. Undefined while nothing moves.
   */
  readonly etaSeconds: number | undefined;
}

const windowMs = 10_000;
/** Looks that are closer together are one. */
const leastMs = 100;

interface Sample extends Done {
  readonly at: number;
}

/** Measures how fast a worker goes. Every look at it is a sample, and so should be every step of its work. */
export class Pace {
  readonly #now: () => number;
  readonly #samples: Sample[];

  /** @param now  milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#samples = [{ entries: 0, bytes: 0, directories: 0, at: now() }];
  }

  /** Notes how much is done now. */
  note(done: Done): void {
    const at = this.#now();
    const last = this.#samples.at(-1);
    // The sample before the window stays: it is where the window begins.
    while ((this.#samples[1]?.at ?? Infinity) <= at - windowMs) this.#samples.shift();
    if (last === undefined || at - last.at >= leastMs) this.#samples.push({ ...done, at });
  }

  /** @param pending  entries and directories that are known to wait */
  look(done: Done, pending: { readonly entries: number; readonly directories: number }): PaceNow {
    this.note(done);
    const [first] = this.#samples;
    const seconds = Math.max(this.#now() - (first?.at ?? 0), 1) / 1000;
    const entriesPerSecond = (done.entries - (first?.entries ?? 0)) / seconds;
    const bytesPerSecond = (done.bytes - (first?.bytes ?? 0)) / seconds;
    const stepsPerSecond = entriesPerSecond + (done.directories - (first?.directories ?? 0)) / seconds;
    const perDirectory = done.directories === 0 ? 1 : 1 + done.entries / done.directories;
    const left = pending.entries + pending.directories * perDirectory;
    const etaSeconds = left === 0 ? 0 : stepsPerSecond > 0 ? left / stepsPerSecond : undefined;
    return { entriesPerSecond, bytesPerSecond, etaSeconds };
  }
}
