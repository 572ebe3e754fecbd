import * as z from "zod";

import { workerStatusForm } from "../worker/status-form.ts";

/** Arguments and result of every call a running worker answers. */
export interface ControlCalls {
  /** What it does right now. */
  status: { args: Record<string, never>; result: ControlStatus };
  /** All that waits to be tried again. */
  retries: { args: Record<string, never>; result: readonly ControlRetry[] };
  /** Answers once everything written before the call is at the destination; with `verify` compared by digest, too. */
  checkpoint: { args: { verify?: boolean | undefined }; result: ControlCheckpoint };
  /** Compares again: the whole tree, or what is below a path (relative to the source). Answers when it is queued. */
  resync: { args: { path?: string | undefined }; result: null };
  /** Compares the content of everything by digest; answers with what differs. */
  verify: { args: Record<string, never>; result: readonly ControlDifference[] };
  /** What waits to be tried again is due now. */
  retry: { args: Record<string, never>; result: null };
}

export type ControlCall = keyof ControlCalls;

const status = z.object({
  pid: z.number(),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  source: z.string(),
  secondary: z.string(),
  worker: workerStatusForm,
});
/**
 * Names are bytes: `path` (relative to the source) and `name` are for people, `directory` (its id), `pathBytes` and `nameBytes` (base64) for
 * programs. A worker that was started before it knew `pathBytes` leaves them out.
 */
const retry = z.object({
  path: z.string(),
  pathBytes: z.string().optional(),
  directory: z.string(),
  name: z.string(),
  nameBytes: z.string(),
  attempts: z.number(),
  code: z.string(),
  message: z.string(),
});
const checkpoint = z.object({ requestedAt: z.number(), completedAt: z.number(), verified: z.boolean() });
const difference = z.object({
  path: z.string(),
  pathBytes: z.string().optional(),
  aspect: z.string(),
  expected: z.string(),
  found: z.string(),
});
const none = z.object({});

export type ControlStatus = z.infer<typeof status>;
export type ControlRetry = z.infer<typeof retry>;
export type ControlCheckpoint = z.infer<typeof checkpoint>;
export type ControlDifference = z.infer<typeof difference>;

type Schemas = {
  readonly [C in ControlCall]: {
    readonly args: z.ZodType<ControlCalls[C]["args"]>;
    readonly result: z.ZodType<ControlCalls[C]["result"]>;
  };
};

/** Form of arguments and results by call. */
export const controlCalls: Schemas = {
  status: { args: none, result: status },
  retries: { args: none, result: z.array(retry) },
  checkpoint: { args: z.object({ verify: z.boolean().optional() }), result: checkpoint },
  resync: { args: z.object({ path: z.string().optional() }), result: z.null() },
  verify: { args: none, result: z.array(difference) },
  retry: { args: none, result: z.null() },
};

/** `{"id":n,"call":…}` and the arguments beside them. */
export const controlRequest = z.looseObject({ id: z.int(), call: z.string() });

/** `{"id":n,"result":…}` or `{"id":n,"error":{"code","message"}}` */
export const controlReply = z.union([
  z.object({
    id: z.int(),
    error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
  }),
  z.object({ id: z.int(), result: z.unknown() }),
]);

export type ControlReply = z.infer<typeof controlReply>;

/** Tells whether a word names a call. */
export function isControlCall(word: string): word is ControlCall {
  return Object.hasOwn(controlCalls, word);
}
