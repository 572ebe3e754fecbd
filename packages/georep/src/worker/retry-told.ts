import { dirty } from "../journal/record.ts";
import { dirtyName, type DirtyName } from "../plan/dirty-set.ts";
import type { WorkQueue } from "./queue.ts";
import type { RetryItem } from "./retry-table.ts";
import { renewed } from "./verify-step.ts";

const anything = dirty.entry | dirty.data | dirty.metadata;

/** How a name is looked at that is tried again: nobody remembers what of it failed, but whether anybody has looked below it. */
export const kindsToRetry = ({ code, isUnlooked }: Pick<RetryItem, "code" | "isUnlooked">): number =>
  (code === "EDIFFERS" ? renewed : anything) | belowIf({ isUnlooked });

const belowIf = ({ isUnlooked }: Pick<RetryItem, "isUnlooked">): number => (isUnlooked ? dirty.below : 0);

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
  queue: Pick<WorkQueue, "hasRetries" | "waiting">,
  told: readonly DirtyName[],
): ToldRetries {
  if (!queue.hasRetries) return { names: told, retries: [] };
  const retries: DirtyName[] = [];
  const names = told.map((name) => {
    const waiting = queue.waiting(name);
    if (waiting === undefined) return name;
    const whole = { ...name, kinds: name.kinds | anything | belowIf(waiting) };
    retries.push(whole);
    return whole;
  });
  const objects = told.flatMap((name) => [...name.objects.values()].map((directory) => ({ directory, name: itself })));
  const more = objects.filter((place) => queue.waiting(place)).map((place) => dirtyName(place, anything));
  return { names: [...names, ...more], retries: [...retries, ...more] };
}
