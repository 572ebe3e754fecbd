import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

import { hasCode, takeFileLock, writeFileAtomic } from "@belay/supervise";
import { z } from "zod";

import { faultReasons } from "../monitor/fault.ts";
import { workerStatusForm } from "../worker/status-form.ts";

const fault = z.object({
  reason: z.enum(faultReasons),
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});

const retry = z.object({ name: z.string(), attempts: z.number(), code: z.string(), message: z.string() });

/** What status tells of a source beyond glusterd's keys. Times are milliseconds since 1970. */
const form = z.object({
  /** By the worker; what it was when it was last written. */
  worker: z
    .object({
      pid: z.number(),
      startedAt: z.number(),
      updatedAt: z.number(),
      status: workerStatusForm,
      /** The first of what waits to be tried again, with errno and path. */
      retries: z.array(retry),
    })
    .optional()
    .catch(undefined),
  /** By the monitor. */
  monitor: z
    .object({
      pid: z.number(),
      updatedAt: z.number(),
      state: z.enum(["starting", "running", "faulty", "ended"]),
      /** Since the monitor was started. */
      restarts: z.number(),
      /** Why the last worker ended. */
      fault: fault.optional(),
      /** While faulty: when the next one starts. */
      nextStart: z.number().optional(),
    })
    .optional()
    .catch(undefined),
});

export type ExtraStatus = z.infer<typeof form>;
export type ExtraWorker = NonNullable<ExtraStatus["worker"]>;
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
  mkdirSync(dirname(path), { recursive: true });
  using lock = await takeFileLock(path, { wait: true, signal: AbortSignal.timeout(10_000) });
  const next = { ...readExtraStatus(path), ...change };
  await writeFileAtomic(lock.path, Buffer.from(`${JSON.stringify(next)}\n`));
}
