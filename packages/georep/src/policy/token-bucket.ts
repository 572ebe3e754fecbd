import { sleep as sleepFor } from "@belay/supervise";

/** Lets so many bytes pass in a second. */
export interface TokenBucket {
  /** Resolves when these bytes may go. Callers come one after the other. */
  take(bytes: number): Promise<void>;
  /** Bytes that should be written at once, so that what goes out is even; undefined: there is no limit now. */
  readonly portion: number | undefined;
}

const least = 1024;
const most = 64 * 1024;
/** How far ahead of its rate it may be, in seconds; and how soon it notices another rate. */
const aheadSeconds = 0.05;
const patienceSeconds = 0.5;

/**
 * Makes a bucket whose rate is asked for anew all the time, so that a limit that begins or ends is observed at once.
 *
 * @param rate  bytes a second now; undefined: no limit
 */
export function createTokenBucket(
  rate: () => number | undefined,
  { now = () => performance.now(), sleep = (ms: number) => sleepFor(ms) } = {},
): TokenBucket {
  let debt = 0;
  let last = now();
  const settle = (limit: number): number => {
    const time = now();
    debt = Math.max(0, debt - (limit * (time - last)) / 1000);
    last = time;
    return debt / limit - aheadSeconds;
  };
  return {
    take: async (bytes) => {
      for (;;) {
        const limit = rate();
        if (limit === undefined) {
          debt = 0;
          return;
        }
        const wait = settle(limit);
        if (wait <= 0) break;
        await sleep(Math.max(1, 1000 * Math.min(wait, patienceSeconds)));
      }
      debt += bytes;
    },
    get portion() {
      const limit = rate();
      return limit === undefined ? undefined : Math.min(Math.max(Math.floor(limit / 8), least), most);
    },
  };
}
