import { deleteSession, logFolderOf, pathsOf, refuseRunning } from "../delete-session.ts";
import { destinationStatePath, forgetDestination, hasDestinationState } from "../destination-state.ts";
import { endAgent } from "../end-agent.ts";
import { shortEnd } from "../ends.ts";
import type { KnownSession } from "../known-session.ts";
import { configOf } from "../session-files.ts";
import { lockSession } from "../session-lock.ts";
import { stopLocked } from "../stop.ts";
import { printable } from "../table.ts";
import { sessionOf, type CommonOptions, type Context } from "./context.ts";

/** Options of `belay georep delete`. */
export interface DeleteCommandOptions extends CommonOptions {
  readonly resetSyncTime?: boolean;
  readonly force?: boolean;
  readonly purgeDestinationState?: boolean;
  readonly key?: boolean;
  readonly purgeLogs?: boolean;
  readonly dryRun?: boolean;
}

/** `belay georep delete SESSION` */
export async function remove(
  context: Context,
  words: readonly (string | undefined)[],
  options: DeleteCommandOptions,
): Promise<number> {
  const { places, talk, signal } = context;
  const known = sessionOf(context, words);
  if (options.dryRun === true) {
    if (options.force !== true) refuseRunning(places, known);
    return tellWhat(context, known, options);
  }
  using _lock = await lockSession(known, signal);
  if (options.force === true) await stopLocked(places, known, { journal: true, signal });
  refuseRunning(places, known);
  // The other side first: as long as it cannot be reached, the session is there to try again.
  if (options.purgeDestinationState === true) await purge(context, known);
  await endAgent(places, known, signal);
  const logs = options.purgeLogs === true ? undefined : logFolderOf(places, known);
  deleteSession(places, known, { key: options.key === true, logs: options.purgeLogs === true });
  const kept = logs === undefined ? "" : `, its logs stay in ${logs}`;
  talk.say(printable(`deleted ${known.name}; ${shortEnd(known.destination)} keeps its files${kept}`));
  talk.tell({ event: "deleted", name: known.name, logs: logs ?? null });
  return 0;
}

async function tellWhat(
  { places, talk, signal }: Context,
  known: KnownSession,
  { key = false, purgeLogs = false, purgeDestinationState = false }: DeleteCommandOptions,
): Promise<number> {
  const there = purgeDestinationState && (await hasDestinationState(known, configOf(places, known), signal));
  for (const path of pathsOf(places, known, { key, logs: purgeLogs })) {
    talk.say(`would remove ${path}`);
    talk.tell({ event: "would-remove", path });
  }
  if (there) {
    talk.say(`would remove ${stateThere(known)}`);
    talk.tell({ event: "would-remove", path: destinationStatePath(known), destination: true });
  }
  return 0;
}

async function purge({ places, talk, signal }: Context, known: KnownSession): Promise<void> {
  const { isKnown, keptConflicts } = await forgetDestination(known, configOf(places, known), signal);
  talk.tell({ event: "purged", name: known.name, isKnown, keptConflicts });
  if (keptConflicts === 0) return;
  talk.say(`${keptConflicts} things that were set aside are not ours to remove: ${stateThere(known)}/conflicts`);
}

function stateThere(known: KnownSession): string {
  const { destination } = known;
  const path = destinationStatePath(known);
  if (destination.scheme === "file") return path;
  return `${destination.user === undefined ? "" : `${destination.user}@`}${destination.host}:${path}`;
}
