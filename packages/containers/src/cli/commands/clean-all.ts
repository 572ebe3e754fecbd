import { call, outputOf } from "../../engine/call.ts";
import { labels } from "../../engine/labels.ts";
import type { CommandFunction } from "./command.ts";
import { engineFor } from "./command.ts";

/** Removes every container with our label, running or not, whoever started it: what the Python tool means by cleaning. */
export const cleanAll: CommandFunction = async (invocation) => {
  const engine = await engineFor(invocation);
  const filter = `--filter=label=${labels.instance}`;
  invocation.talk.say(`filter=${filter}`);
  const ids = (await outputOf(engine, ["ps", "-q", "-a", filter])).split(/\s+/).filter((id) => id !== "");
  for (const id of ids) await call(engine, ["rm", "-f", id], { quiet: true });
  await sweepOwn();
  return 0;
};

// Containers may be all a predecessor left, or not: contexts and the like are in the ledgers.
async function sweepOwn(): Promise<void> {
  const [{ sweep }, { registerContainerKinds }] = await Promise.all([
    import("@belay/supervise"),
    import("../../run/release.ts"),
  ]);
  registerContainerKinds();
  await sweep({ fix: true });
}
