import type { Logger } from "@belay/supervise";

import { keyOf } from "../ids/file-id.ts";
import type { Position } from "../journal/position.ts";
import { dirty } from "../journal/record.ts";
import { dirtyName, type DirtyName } from "../plan/dirty-set.ts";
import { differenceText } from "../tree/compare.ts";
import type { NamePlace } from "./compare-queue.ts";
import type { HotFiles } from "./hot-files.ts";
import type { Keep } from "./join-progress.ts";
import type { Parts } from "./parts.ts";
import { nameKey, pendingNames } from "./take-from-feed.ts";
import type { Verifier } from "./verifier.ts";

/**
 * Compares the next names by digest. Nothing may be on its way to the destination meanwhile.
 *
 * @param position  up to where the feed was looked at: what it has still to tell is no difference, nor is what is held back
 * @returns the names that are to be applied again, and what is to be kept then; undefined when the comparison has ended
 */
export async function verifyStep(
  { feed }: Pick<Parts, "feed">,
  verifier: Verifier,
  { position, hot }: { readonly position: Position; readonly hot: HotFiles },
  logger: Logger,
): Promise<{ names: DirtyName[]; keep: Keep } | undefined> {
  const step = await verifier.step();
  if (step === undefined) return undefined;
  const told = step.differences.length === 0 ? [] : await pendingNames(feed, position);
  const pending = new Set([...told, ...hot.keys]);
  const differences = step.differences.filter(({ directory, name, object }) => {
    return !pending.has(nameKey(directory, name)) && !(object !== undefined && pending.has(keyOf(object)));
  });
  const { again, lasting } = verifier.note(differences);
  for (const difference of differences) logger.warn(`not as it has to be: ${differenceText(difference)}`);
  const unequal = new Set(
    [...step.differences, ...step.failures.map(({ id, name }) => ({ directory: id, name }))].map(keyOfPlace),
  );
  const equal = (step.progress.compared ?? []).filter((place) => !unequal.has(keyOfPlace(place)));
  const keep = { ...step.progress, failed: [...step.failures, ...lasting], toCompare: again, equal };
  return { names: again.map((place) => dirtyName(place, renewed)), keep };
}

const keyOfPlace = ({ directory, name }: NamePlace): string => nameKey(directory, name);

/** How a name is looked at that differs, whatever its times say. */
export const renewed = dirty.renew | dirty.entry | dirty.metadata;
