import { call } from "../../engine/call.ts";
import type { CommandFunction } from "./command.ts";
import { engineFor } from "./command.ts";
import { needed } from "../options.ts";

/**
 * Pulls an image from a registry and gives it the local name.
 *
 * The Python tool tags whatever the pull did and always leaves with 0; its command line still does.
 */
export const fetch: CommandFunction = async (invocation) => {
  const { values, quiet, mode } = invocation;
  const tag = needed(values, "tag", "the tag");
  const remote = `${needed(values, "registry", "the registry")}/${tag}`;
  const engine = await engineFor(invocation);
  const pulled = await call(engine, ["pull", remote], { quiet });
  if (mode === "full" && pulled !== 0) return 1;
  const tagged = await call(engine, ["tag", remote, tag], { quiet });
  return mode === "full" && tagged !== 0 ? 1 : 0;
};
