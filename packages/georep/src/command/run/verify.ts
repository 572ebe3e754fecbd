import { shownName } from "../../tree/shown-name.ts";
import { askWorker, requireRunning } from "../ask-worker.ts";
import { listRetries } from "../retries.ts";
import { printable, tableText } from "../table.ts";
import { withProgress } from "./checkpoint.ts";
import { sessionOf, type CommonOptions, type Context } from "./context.ts";

type Words = readonly (string | undefined)[];

/** `belay georep verify SESSION`: 0 when both trees are equal, else 1; what differs is applied again. */
export async function verify(context: Context, words: Words): Promise<number> {
  const { places, talk, signal } = context;
  const known = sessionOf(context, words);
  const differences = await withProgress(context, known, () => askWorker(places, known, "verify", {}, signal));
  for (const difference of differences) {
    talk.say(`${shownPath(difference) || "."}: ${differenceText(difference)}`);
    talk.tell(difference);
  }
  const count = differences.length;
  const several = count === 1 ? "1 difference, which is" : `${count} differences, which are`;
  talk.say(`${known.name}: ${count === 0 ? "equal" : `${several} put right now`}`);
  return count === 0 ? 0 : 1;
}

function differenceText({ aspect, expected, found }: Record<"aspect" | "expected" | "found", string>): string {
  if (aspect === "extra") return "only at the destination";
  if (aspect === "missing") return "not at the destination";
  return `${aspect}: ${printable(expected)} here, ${printable(found)} there`;
}

/** Options of `belay georep retry`. */
export interface RetryOptions extends CommonOptions {
  readonly list?: boolean;
}

/**
 * `belay georep retry SESSION`: has what could not be applied tried again now; with `--list` only shows it, of a session that does not run, too.
 */
export async function retry(context: Context, words: Words, options: RetryOptions): Promise<number> {
  const { places, talk, signal } = context;
  const known = sessionOf(context, words);
  if (options.list !== true) requireRunning(places, known);
  const { items: queue, rests } = await listRetries(places, known, signal);
  for (const item of queue) talk.tell(item);
  if (queue.length === 0) talk.say(`${known.name}: nothing waits to be tried again`);
  else {
    const rows = queue.map((item) => [shownPath(item) || "?", String(item.attempts), item.code, item.message]);
    talk.say(tableText(["NAME", "ATTEMPTS", "ERROR", "MESSAGE"], rows));
    if (rests !== undefined) talk.say(`${known.name} is ${rests}: they are tried again when it runs`);
  }
  if (options.list === true || queue.length === 0) return 0;
  await askWorker(places, known, "retry", {}, signal);
  talk.say(`${known.name}: ${queue.length} due now`);
  talk.tell({ event: "retry", name: known.name, due: queue.length });
  return 0;
}

function shownPath({ path, pathBytes }: { readonly path: string; readonly pathBytes?: string | undefined }): string {
  return pathBytes === undefined ? printable(path) : shownName(Buffer.from(pathBytes, "base64"));
}
