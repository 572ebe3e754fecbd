import * as z from "zod";
import { BelayError } from "@belay/supervise";

const recordSchema = z.object({
  version: z.literal(1),
  engine: z.array(z.string()).min(1),
  /** Image as it was named. */
  image: z.string().regex(/^[^-]/),
  /** What that name stood for: the id of the image. */
  imageId: z.string().regex(/^(sha256:)?[0-9a-f]{12,}$/),
  /** Digest of its manifest, for fetching it elsewhere; empty where the engine knows none. */
  imageDigest: z.string().regex(/^(sha256:[0-9a-f]+)?$/),
  /** Options for the engine, without those for the view. */
  options: z.array(z.string()),
  command: z.array(z.string()),
  asUser: z.boolean(),
  privateNetwork: z.boolean(),
  wcfs: z.object({ zurl: z.string(), tid: z.string().regex(/^[0-9a-f]{16}$/), target: z.string() }).optional(),
  cwd: z.string(),
  /** Status of the command; 128 + n for signal n. */
  exitCode: z.number().int(),
  started: z.string(),
  finished: z.string(),
  /** Wall-clock milliseconds. */
  ms: z.number(),
});

/** All it takes to repeat a run exactly: image and database by their content, not by their name. */
export type RunRecord = z.infer<typeof recordSchema>;

/** Reads a record. @param source its name, for the error @throws BelayError `ERECORD` */
export function parseRecord(text: string, source: string): RunRecord {
  // Whatever the command printed may stand before it: the record is the last line.
  const line = text.trim().startsWith("{\n") ? text : (text.trim().split("\n").at(-1) ?? "");
  const value = parseJson(line);
  const { success, data, error } = recordSchema.safeParse(value);
  if (success) return data;
  const newer = typeof value === "object" && value !== null && "version" in value && Number(value.version) > 1;
  if (newer) throw new BelayError("ERECORD", `${source} is a record of a newer version of this program`);
  const [issue] = error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : `: ${issue.path.join(".")}: ${issue.message}`;
  throw new BelayError("ERECORD", `${source} holds no record of a run${where}`, {
    hint: "belay container run --json prints one",
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
