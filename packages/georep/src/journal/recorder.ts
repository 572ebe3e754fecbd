import { hasCode, toError, type Logger } from "@belay/supervise";

import type { Journal } from "./journal.ts";
import type { DirtyRecord } from "./record.ts";
import { lostRecords } from "./segments.ts";

/** Why the journal as a whole takes nothing just now. */
const full = ["ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE", "ENFILE"] as const;

/** Most records that wait in memory, some megabytes; more are forgotten, and a gap says so. */
const mostWaiting = 20_000;

/** How a recorder is made. */
export interface RecorderOptions {
  readonly logger: Logger;
  /** Between two attempts to write what could not be written, in milliseconds; default two seconds. */
  readonly retryMs?: number;
  /** Told when writing begins to fail, with the error, and with undefined when it works again. */
  readonly onTrouble?: (trouble: Error | undefined) => void;
}

/**
 * Writes what a source tells to the journal, and keeps it in memory while the journal's disk is full.
 *
 * So that nothing gets lost by that: when even the memory is used up, all that waits is replaced by a gap.
 */
export class Recorder implements Disposable {
  readonly #journal: Journal;
  readonly #options: RecorderOptions;
  #waiting: DirtyRecord[] = [];
  #trouble: Error | undefined;
  #timer: NodeJS.Timeout | undefined;
  #written: (() => void)[] = [];

  constructor(journal: Journal, options: RecorderOptions) {
    this.#journal = journal;
    this.#options = options;
  }

  /** Why records wait in memory; undefined: they do not. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  /** Takes records; they need not stay as they are after the call. */
  record(records: readonly DirtyRecord[]): void {
    const distinct = joinEqual(records);
    if (this.#trouble === undefined) this.#write(distinct);
    else this.#keep(distinct);
  }

  /** Resolves when nothing waits in memory any more. */
  whenWritten(): Promise<void> {
    if (this.#trouble === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#written.push(resolve));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #write(records: readonly DirtyRecord[]): void {
    try {
      this.#journal.append(records);
    } catch (error) {
      if (!hasCode(error, ...full)) throw error;
      this.#keep(records);
      this.#begin(toError(error));
    }
  }

  // They refer to the source's buffer, which is used again.
  #keep(records: readonly DirtyRecord[]): void {
    const isTooMuch = this.#waiting.length + records.length > mostWaiting;
    if (isTooMuch) this.#waiting = [lostRecords];
    else for (const record of records) this.#waiting.push(copyOf(record));
  }

  #begin(trouble: Error): void {
    if (this.#trouble === undefined) {
      this.#options.logger.warn(`the journal cannot be written: ${trouble.message}`);
      this.#trouble = trouble;
      this.#options.onTrouble?.(trouble);
    }
    const { retryMs = 2000 } = this.#options;
    this.#timer = setTimeout(() => this.#tryAgain(), retryMs);
  }

  #tryAgain(): void {
    const waiting = this.#waiting.splice(0);
    this.#write(waiting);
    if (this.#waiting.length > 0) return;
    this.#trouble = undefined;
    this.#options.logger.info("the journal is written again");
    this.#options.onTrouble?.(undefined);
    for (const tell of this.#written.splice(0)) tell();
  }
}

// What is told several times in a row of one name is told once. The kernel has joined most of it already, so looking at neighbours is enough.
function joinEqual(records: readonly DirtyRecord[]): DirtyRecord[] {
  const joined: DirtyRecord[] = [];
  let last: DirtyRecord | undefined;
  for (const record of records) {
    const isSame = last !== undefined && isAbout(record, last);
    last = isSame ? { ...record, kinds: record.kinds | (last?.kinds ?? 0) } : record;
    if (isSame) joined.pop();
    joined.push(last);
  }
  return joined;
}

const isAbout = (a: DirtyRecord, b: DirtyRecord) =>
  a.name.equals(b.name) && a.directory.equals(b.directory) && a.object.equals(b.object);

function copyOf({ kinds, directory, name, object }: DirtyRecord): DirtyRecord {
  return { kinds, directory: Buffer.from(directory), name: Buffer.from(name), object: Buffer.from(object) };
}
