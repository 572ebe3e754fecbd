import { readFileSync } from "node:fs";
import { dirname } from "node:path";

import { hasCode, takeFileLock, writeFileAtomic } from "@belay/supervise";
import * as z from "zod";

import { faultReasons } from "../monitor/fault.ts";
import { workerStatusForm } from "../worker/status-form.ts";
import { makeDirectory } from "../tree/make-directory.ts";

const retry = z.object({
  path: z.string().optional(),
  name: z.string(),
  attempts: z.number(),
  code: z.string(),
  message: z.string(),
});

/** What status tells of a source beyond glusterd's keys. Times are milliseconds since 1970. */
const form = z.object({
  /** Of the worker that wrote it, and when it did. */
  pid: z.number().optional().catch(undefined),
  startedAt: z.number().optional().catch(undefined),
  updatedAt: z.number().optional().catch(undefined),
  /** What the worker said last. */
  worker: workerStatusForm.optional().catch(undefined),
  /** The first of what waits to be tried again, with errno and name. */
  retries: z.array(retry).optional().catch(undefined),
  /** By the monitor. */
  monitor: z
    .object({
      pid: z.number(),
      updatedAt: z.number(),
      state: z.enum(["starting", "running", "faulty", "ended"]),
      /** Since the monitor was started. */
      restarts: z.number(),
      /** Why the last worker ended. */
      reason: z.enum(faultReasons).optional(),
      code: z.string().optional(),
      lastError: z.string().optional(),
      /** When that was. */
      lastErrorAt: z.number().optional(),
      hint: z.string().optional(),
      /** While faulty: when the next one starts. */
      nextStart: z.number().optional(),
    })
    .optional()
    .catch(undefined),
});

export type ExtraStatus = z.infer<typeof form>;
/** What the worker writes of it. */
export type ExtraWorker = Omit<ExtraStatus, "monitor">;
export type ExtraMonitor = NonNullable<ExtraStatus["monitor"]>;

/** Reads a source's further status; what is missing, torn or of another form is left out. */
export function readExtraStatus(path: string): ExtraStatus {
  try {
    return form.safeParse(JSON.parse(readFileSync(path, "utf8"))).data ?? {};
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, "ENOENT", "ENOTDIR", "ENAMETOOLONG")) return {};
    throw error;
  }
}

/** Writes one part of it, under the file's lock; monitor and worker write the same file. */
export async function updateExtraStatus(path: string, change: ExtraStatus): Promise<void> {
  makeDirectory(dirname(path));
  using lock = await takeFileLock(path, { wait: true, signal: AbortSignal.timeout(10_000) });
  const next = { ...readExtraStatus(path), ...change };
  await writeFileAtomic(lock.path, Buffer.from(`${JSON.stringify(next)}\n`));
}
