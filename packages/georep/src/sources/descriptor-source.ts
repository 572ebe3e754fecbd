import { close, POLLIN } from "@belay/linux";
import { toError, waitForEvents } from "@belay/supervise";

import type { ChangeSource, SourceKind } from "./change-source.ts";

/** In a stream of events they are fetched once a millisecond, not one by one; after it the next one is seen as it comes. */
const pauses = [0, 1];

/**
 * A source that reads from a descriptor whenever that is readable, until it is disposed of, which also closes the descriptor.
 *
 * @param drain  reads all there is and tells of it; what it throws ends the watching
 */
export function watchDescriptor(kind: SourceKind, fd: number, drain: () => void): ChangeSource {
  const stop = new AbortController();
  const failed = Promise.withResolvers<Error>();
  // What was taken from the kernel, and not told, is lost: whoever drained, nobody may go on as if nothing were missing.
  const drainOrFail = () => {
    try {
      drain();
    } catch (error) {
      failed.resolve(toError(error));
      throw error;
    }
  };
  const watch = async () => {
    for (;;) {
      await waitForEvents(fd, POLLIN, stop.signal, pauses);
      drainOrFail();
    }
  };
  const ended = watch().catch((error: unknown) => {
    if (!stop.signal.aborted) failed.resolve(toError(error));
  });
  return {
    kind,
    drain: drainOrFail,
    failed: failed.promise,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
      close(fd);
    },
  };
}
