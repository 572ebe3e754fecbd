/** Parts of the timeout; a connection is given up after all of them went by without a sign of life. */
const parts = 4;

/**
 * Watches a connection for silence. The time is counted in ticks of a timer, so that a process that was stopped for a while does not take
 * that for silence.
 *
 * @param bytes  how many went through it so far, in either direction
 * @param timeoutMs  0: silence may last for ever
 * @returns settles when there was no sign of life for so long
 */
export function watchSilence(bytes: () => number, timeoutMs: number): Disposable & { readonly silent: Promise<void> } {
  const { promise: silent, resolve } = Promise.withResolvers<undefined>();
  let quiet = 0;
  let last = bytes();
  const tick = () => {
    const now = bytes();
    quiet = now === last ? quiet + 1 : 0;
    last = now;
    if (quiet >= parts) resolve(undefined);
  };
  const timer = timeoutMs > 0 ? setInterval(tick, timeoutMs / parts) : undefined;
  return { silent, [Symbol.dispose]: () => clearInterval(timer) };
}
