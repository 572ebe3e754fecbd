import * as z from "zod";

/** Form of a `WorkerStatus` that comes from a file or a socket. */
export const workerStatusForm = z.object({
  state: z.enum(["starting", "crawling", "active", "paused", "waiting"]),
  source: z.enum(["fanotify", "inotify", "scan"]).optional(),
  lagSeconds: z.number(),
  crawlQueue: z.number(),
  compared: z.number().default(0),
  retryQueue: z.number(),
  pending: z.number(),
  entriesPerSecond: z.number(),
  bytesPerSecond: z.number(),
  etaSeconds: z.number().optional(),
  verifyQueue: z.number().default(0),
  entries: z.number(),
  bytes: z.number(),
  failures: z.number(),
  lastSynced: z.number().optional(),
  lastError: z.string().optional(),
  lastErrorAt: z.number().optional(),
  feedTrouble: z.string().optional(),
});
