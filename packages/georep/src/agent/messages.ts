import { BelayError } from "@belay/supervise";
import * as z from "zod";

import { sourceKinds } from "../sources/change-source.ts";

const index = z.number().int().nonnegative();
const position = z.codec(z.tuple([index, index]), z.object({ segment: index, offset: index }), {
  decode: ([segment, offset]) => ({ segment, offset }),
  encode: ({ segment, offset }): [number, number] => [segment, offset],
});
const problem = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });

/** What an agent says first. */
export const greeting = z.object({
  incarnation: z.string().min(1).max(100),
  kind: z.enum(sourceKinds),
  end: position,
  pid: index,
  /** With what it was told to watch, see `settingsText`. */
  settings: z.string().optional(),
});
export type Greeting = z.infer<typeof greeting>;

/** What an agent says later on; each part is there when it has something to say. */
export const report = z.object({
  end: position.optional(),
  /** Answers the `drain` of this number: everything changed before it lies before `end`. */
  drained: index.optional(),
  /** Of writing the journal; null when it is over. */
  trouble: problem.nullable().optional(),
  /** Watching cannot go on; the agent ends. */
  failed: problem.optional(),
});
export type Report = z.infer<typeof report>;

/** What an agent is asked. */
export const request = z.union([z.object({ drain: index }), z.object({ end: z.literal(true) })]);
export type Request = z.infer<typeof request>;

/** Why something does not go on, as it travels. */
export type Problem = z.infer<typeof problem>;

/** A message as a line. */
export function encodeLine<T extends z.ZodType>(schema: T, message: z.output<T>): string {
  return `${JSON.stringify(z.encode(schema, message))}\n`;
}

/** @throws BelayError EPROTO */
export function parseLine<T extends z.ZodType>(schema: T, line: string): z.output<T> {
  try {
    return schema.parse(JSON.parse(line));
  } catch (cause) {
    throw new BelayError("EPROTO", `not of the agent's protocol: ${JSON.stringify(line.slice(0, 80))}`, { cause });
  }
}
