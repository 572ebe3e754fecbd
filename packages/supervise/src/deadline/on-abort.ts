/** Does something when a signal is aborted, at once if it is already: an abort that came before anybody listened is told by nothing else. Disposing: no more. */
export function onAbort(signal: AbortSignal | undefined, action: () => void): Disposable {
  if (signal?.aborted === true) action();
  else signal?.addEventListener("abort", action, { once: true });
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", action) };
}
