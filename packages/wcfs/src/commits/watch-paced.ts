import type { ServeLoop } from "@belay/fuse";

/**
 * Calls back when a descriptor is ready: at once after a quiet time, otherwise not before `gap()` milliseconds since the last call. Meanwhile
 * the descriptor is not looked at, so what makes it ready over and over wakes nobody.
 */
export function watchPaced(
  loop: Pick<ServeLoop, "watch" | "after">,
  fd: number,
  gap: () => number,
  callback: () => void,
  now: () => number = () => performance.now(),
): void {
  let last = -Infinity;
  const call = () => {
    last = now();
    callback();
  };
  const watch = () => {
    const watched = loop.watch(fd, () => {
      const wait = last + gap() - now();
      if (wait <= 0) return call();
      watched.stop();
      loop.after(wait, () => {
        watch();
        call();
      });
    });
  };
  watch();
}
