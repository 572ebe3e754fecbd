/** Watches whether something is still wanted. */
export interface UnwantedWatch extends Disposable {
  /** Resolves when nobody has wanted it for the whole time. */
  readonly reached: Promise<undefined>;
}

const tenMinutes = 600_000;

/** Asks from time to time (ten times within the limit) whether something is wanted. */
export function whenUnwanted(isWanted: () => boolean, limitMs = tenMinutes): UnwantedWatch {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let since = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (isWanted()) since = now;
    else if (now - since >= limitMs) resolve(undefined);
  }, limitMs / 10).unref();
  return { reached: promise, [Symbol.dispose]: () => clearInterval(timer) };
}
