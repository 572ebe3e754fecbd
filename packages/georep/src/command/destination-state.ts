import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { protocolSession } from "../roles/source-of.ts";
import type { ForgetReply } from "../rpc/survey-messages.ts";
import { forgetSession } from "../secondary/forget.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { pathOf } from "./ends.ts";
import type { KnownSession } from "./known-session.ts";
import { askOtherSide } from "./other-side.ts";

/** Where the destination keeps what it knows of a session, on its machine. */
export function destinationStatePath({ destination, id }: KnownSession): string {
  return join(pathOf(destination), stateDirectoryName, protocolSession(id));
}

/** Tells whether the destination knows anything of a session. @throws as {@link askOtherSide} */
export async function hasDestinationState(known: KnownSession, config: Config, signal?: AbortSignal): Promise<boolean> {
  if (known.destination.scheme === "file") return existsSync(destinationStatePath(known));
  return askOtherSide(known, config, async ({ survey }) => (await survey({ path: [], after: "" })).isKnown, signal);
}

/**
 * Has the destination forget a session, here or on another machine. Its files stay, and what was set aside there.
 *
 * @throws BelayError `ELOCKED` while a worker is connected; as {@link askOtherSide}
 */
export async function forgetDestination(
  known: KnownSession,
  config: Config,
  signal?: AbortSignal,
): Promise<ForgetReply> {
  if (known.destination.scheme === "file") return forgetSession(pathOf(known.destination), protocolSession(known.id));
  return askOtherSide(known, config, ({ forget }) => forget(), signal);
}
