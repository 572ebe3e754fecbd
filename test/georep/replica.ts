import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { replicate, type ReplicateOptions } from "../../packages/georep/src/monitor/replicate.ts";
import { compareTrees, differenceText } from "../../packages/georep/src/tree/compare.ts";
import type { Worker } from "../../packages/georep/src/worker/worker.ts";

/** A source and a destination for one test, removed with its scope. */
export interface Pair extends Disposable {
  readonly base: string;
  readonly source: string;
  readonly destination: string;
  readonly state: string;
  start(options?: Partial<ReplicateOptions>): Promise<Worker>;
  /** What differs between source and destination, as lines of text. */
  differences(): string[];
}

export function makePair(): Pair {
  const base = mkdtempSync(join(tmpdir(), "belay-test-georep-"));
  const [source, destination, state] = [join(base, "source"), join(base, "destination"), join(base, "state")];
  mkdirSync(source);
  mkdirSync(destination);
  return {
    base,
    source,
    destination,
    state,
    start: (options) => replicate(source, destination, { session: "test", state, ...options }),
    differences: () => compareTrees(source, destination).map(differenceText),
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true, maxRetries: 5 }),
  };
}

export const within = (ms: number): AbortSignal => AbortSignal.timeout(ms);
