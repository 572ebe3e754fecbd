import { openSync, readSync } from "node:fs";
import { isMainThread, workerData } from "node:worker_threads";

/** Of the shared numbers: which read is wanted, and how many are done, one more than that. */
export const turn = { go: 0, done: 1 } as const;

/** What the reading thread gets. */
export interface ReaderData {
  readonly path: string;
  /** Where to read, in turn. */
  readonly offsets: readonly number[];
  readonly turns: Int32Array;
  /** Nanoseconds: start and end of the last read. */
  readonly times: BigInt64Array;
}

if (!isMainThread) readInTurn(workerData as ReaderData);

function readInTurn({ path, offsets, turns, times }: ReaderData): void {
  const fd = openSync(path, "r");
  const page = Buffer.alloc(4096);
  for (const [i, offset] of offsets.entries()) {
    tell(turns, i + 1);
    Atomics.wait(turns, turn.go, i);
    times[0] = process.hrtime.bigint();
    readSync(fd, page, 0, page.length, offset);
    times[1] = process.hrtime.bigint();
  }
  tell(turns, offsets.length + 1);
}

function tell(turns: Int32Array, done: number): void {
  Atomics.store(turns, turn.done, done);
  Atomics.notify(turns, turn.done);
}
