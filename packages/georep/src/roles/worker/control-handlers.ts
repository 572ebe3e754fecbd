import type { ControlDifference, ControlStatus } from "../../control/messages.ts";
import type { ControlHandlers } from "../../control/serve-control.ts";
import type { Difference } from "../../tree/compare.ts";
import type { RetryPlace, Worker } from "../../worker/worker.ts";

/**
 * What a running worker answers to those who ask at its socket.
 *
 * @param reached  has the status say that everything written before a moment (milliseconds since 1970) is at the destination
 */
export function controlHandlers(
  worker: Worker,
  about: Omit<ControlStatus, "worker">,
  reached: (before: number) => Promise<void>,
): ControlHandlers {
  return {
    status: () => ({ ...about, worker: worker.status }),
    retries: () => worker.retries().map(shownRetry),
    checkpoint: async ({ verify = false }, signal) => {
      const requestedAt = Date.now();
      await worker.checkpoint(signal, { verify });
      const completedAt = Date.now();
      await reached(requestedAt);
      return { requestedAt, completedAt, verified: verify };
    },
    resync: ({ path = "" }) => {
      worker.resync(Buffer.from(path));
      return null;
    },
    verify: async (_, signal) => (await worker.verify(signal)).map(shownDifference),
    retry: () => {
      worker.retryNow();
      return null;
    },
  };
}

/** A retry item as it is shown and stored. */
export function shownRetry({ path, directory, name, attempts, code, message }: RetryPlace) {
  const nameBytes = name.toString("base64");
  return {
    path: path?.toString() ?? "",
    pathBytes: path?.toString("base64") ?? "",
    directory: directory.toString("hex"),
    name: name.toString(),
    nameBytes,
    attempts,
    code,
    message,
  };
}

function shownDifference({ path, aspect, expected, found }: Difference): ControlDifference {
  return { path: path.toString(), pathBytes: path.toString("base64"), aspect, expected, found };
}
