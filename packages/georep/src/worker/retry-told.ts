import { dirty } from "../journal/record.ts";
import { dirtyName, type DirtyName } from "../plan/dirty-set.ts";
import type { WorkQueue } from "./queue.ts";

/** What a retry looks at, as nobody remembers what of it failed. */
export const anything = dirty.entry | dirty.data | dirty.metadata;

const itself = Buffer.alloc(0);

/** What of the changes that are told waits to be tried again. */
export interface ToldRetries {
  /** The names, with those among them looked at as a retry looks at them. */
  readonly names: readonly DirtyName[];
  /** Those among them, and directories that are not among them by themselves. */
  readonly retries: readonly DirtyName[];
}

/**
 * Finds what waits to be tried again and is told of just now: what kept it from being applied may be over (removed, made readable), and then
 * it need not wait for its time.
 */
export function retriesToldOf(
  queue: Pick<WorkQueue, "hasRetries" | "isWaiting">,
  told: readonly DirtyName[],
): ToldRetries {
  if (!queue.hasRetries) return { names: told, retries: [] };
  const retries: DirtyName[] = [];
  const names = told.map((name) => {
    if (!queue.isWaiting(name.directory, name.name)) return name;
    const whole = { ...name, kinds: name.kinds | anything };
    retries.push(whole);
    return whole;
  });
  const directories = told.flatMap(({ objects }) => [...objects.values()].filter((id) => queue.isWaiting(id, itself)));
  const more = directories.map((directory) => dirtyName({ directory, name: itself }, anything));
  return { names: [...names, ...more], retries: [...retries, ...more] };
}
