import type { BatchOutcome } from "./join-progress.ts";
import { Pace, type PaceNow } from "./pace.ts";

/** What a worker has done since its start, and how fast. */
export class Tally {
  readonly #pace = new Pace();
  entries = 0;
  bytes = 0;
  failures = 0;
  /** Directories compared. */
  directories = 0;

  note({ entries, bytes }: BatchOutcome): void {
    this.entries += entries;
    this.bytes += bytes;
    this.#pace.note(this);
  }

  /** @param pending  entries and directories that are known to wait */
  pace(pending: { readonly entries: number; readonly directories: number }): PaceNow {
    return this.#pace.look(this, pending);
  }
}
