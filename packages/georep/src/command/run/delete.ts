import { deleteSession, pathsOf, refuseRunning } from "../delete-session.ts";
import { shortEnd } from "../ends.ts";
import { endAgent } from "../end-agent.ts";
import { stopSession } from "../stop.ts";
import { sessionOf, type CommonOptions, type Context } from "./context.ts";

/** Options of `belay georep delete`. */
export interface DeleteCommandOptions extends CommonOptions {
  readonly resetSyncTime?: boolean;
  readonly force?: boolean;
  readonly purgeDestinationState?: boolean;
  readonly key?: boolean;
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
  const what = { purgeDestination: options.purgeDestinationState === true, key: options.key === true };
  if (options.dryRun === true) {
    for (const path of pathsOf(places, known, what)) {
      talk.say(`would remove ${path}`);
      talk.tell({ event: "would-remove", path });
    }
    return 0;
  }
  if (options.force === true) await stopSession(places, known, { journal: true, signal });
  refuseRunning(places, known);
  await endAgent(places, known, signal);
  deleteSession(places, known, what);
  talk.say(`deleted ${known.name}; ${shortEnd(known.destination)} keeps its files`);
  talk.tell({ event: "deleted", name: known.name });
  return 0;
}
