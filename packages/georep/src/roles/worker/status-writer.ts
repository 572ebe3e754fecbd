import { dirname } from "node:path";

import { toError, type Logger } from "@belay/supervise";

import { brickStatusPath, extraStatusPath, updateBrickStatus, type BrickStatus } from "../../status/brick-status.ts";
import { updateExtraStatus, type ExtraWorker } from "../../status/extra-status.ts";
import { makeDirectory } from "../../tree/make-directory.ts";

/** What the files of a source are to say. */
export interface StatusText {
  readonly brick: Partial<BrickStatus>;
  readonly extra?: ExtraWorker;
}

/** Writes the status files of a source, at most once a second, and what came last in any case. */
export interface StatusWriter extends AsyncDisposable {
  write(text: StatusText): void;
  /** Writes at once what waits. Resolves when it is written, or could not be. */
  flush(): Promise<void>;
}

const leastMs = 1000;

/** @param state  path of `monitor.status`; empty: there are no status files */
export function openStatusWriter(state: string, source: string, logger: Logger): StatusWriter {
  let waiting: StatusText | undefined;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let lastProblem = "";
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const text = waiting;
    waiting = undefined;
    if (text !== undefined) writing = writing.then(() => writeFiles(state, source, text)).catch(complain);
    return writing;
  };
  // A status that cannot be written must not stop the work.
  const complain = (error: unknown) => {
    const { message } = toError(error);
    if (message !== lastProblem) logger.warn(`the status cannot be written: ${message}`);
    lastProblem = message;
  };
  let lastFlush = -Infinity;
  return {
    write: (text) => {
      if (state === "") return;
      waiting = { ...waiting, ...text, brick: { ...waiting?.brick, ...text.brick } };
      if (timer !== undefined) return;
      timer = setTimeout(
        () => {
          lastFlush = performance.now();
          void flush();
        },
        Math.max(0, lastFlush + leastMs - performance.now()),
      );
    },
    flush,
    [Symbol.asyncDispose]: flush,
  };
}

async function writeFiles(state: string, source: string, { brick, extra }: StatusText): Promise<void> {
  makeDirectory(dirname(state));
  await updateBrickStatus(brickStatusPath(state, source), () => brick);
  if (extra !== undefined) await updateExtraStatus(extraStatusPath(state, source), extra);
}
