import type { CommandFunction } from "./command.ts";
import { engineFor } from "./command.ts";

/** Prints which engine works: `podman`, `docker`, `sudo docker` or `no`. Always leaves with 0. */
export const probe: CommandFunction = async (invocation) => {
  try {
    const { command } = await engineFor(invocation);
    invocation.talk.say(command.filter((word) => word !== "-n").join(" "));
  } catch {
    invocation.talk.say("no");
  }
  return 0;
};
