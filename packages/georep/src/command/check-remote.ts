import { hostname } from "node:os";
import { close, open, O_DIRECTORY, O_PATH } from "@belay/linux";
import { hasCode, openLedger, toError, untilAborted, BelayError } from "@belay/supervise";
import type { Config } from "../config/config.ts";
import { connect } from "../connect/connect.ts";
import { secondaryCommand } from "../connect/secondary-command.ts";
import { fileIdAt, type FileId } from "../ids/file-id.ts";
import { policyOf } from "../policy/policy.ts";
import type { Expected } from "../rpc/hello-messages.ts";
import { protocolSession } from "../roles/source-of.ts";
import { destinationProblem, notEmpty } from "./check-destination.ts";
import { shortEnd } from "./ends.ts";
import type { KnownSession } from "./known-session.ts";
import { answerMs, askOtherSide, otherSideProblem } from "./other-side.ts";

/** What was found there. */
export interface RemoteCheck {
  readonly problems: readonly BelayError[];
  readonly looked?: () => Expected;
}

/**
 * Connects to the other side as a worker would: tells whether it can be reached, lets us in, has gsyncd, and may write to the destination,
 * and whether that is empty or our own.
 *
 * The receiving end makes the destination, and its folder in it.
 *
 * @returns what keeps it from working, none when nothing does; and what it is to be remembered as
 */
export async function checkRemote(
  known: KnownSession,
  config: Config,
  force: boolean,
  signal?: AbortSignal,
): Promise<RemoteCheck> {
  const { source, destination, id } = known;
  const request = { source, destination, config, owner: id, node: hostname(), debug: false };
  await using ledger = await openLedger();
  try {
    const rootId = rootIdOf(source.path);
    const connecting = connect({
      command: secondaryCommand(request, undefined),
      viaSsh: true,
      line: { session: protocolSession(id), timeoutMs: answerMs },
      hello: { rootId, expected: undefined, rules: policyOf(config) },
      ledger,
    });
    await using connection = await untilAborted(connecting, signal);
    const [root] = await connection.list([{ directory: rootId, after: "" }]);
    const names = root?.names ?? [];
    const isOurs = names.length === 0 || names.some((name) => name.id.length > 0);
    const { replica, site } = connection;
    const looked = () => ({ replica: Buffer.from(replica, "hex"), site });
    return { problems: isOurs || force ? [] : [notEmpty(shortEnd(destination))], looked };
  } catch (error) {
    if (hasCode(error, "ECANCELED")) throw error;
    return { problems: [otherSideProblem(known, toError(error))] };
  }
}

function rootIdOf(path: string): FileId {
  const fd = open(path, O_PATH | O_DIRECTORY);
  try {
    return fileIdAt(fd, "");
  } finally {
    close(fd);
  }
}

/**
 * As {@link checkRemote}, without anything being made there.
 *
 * @returns what keeps it from working, as far as looking tells
 */
export async function lookAtRemote(
  known: KnownSession,
  config: Config,
  force: boolean,
  signal?: AbortSignal,
): Promise<RemoteCheck> {
  try {
    const seen = await askOtherSide(known, config, ({ survey }) => survey({ path: [], after: "" }), signal);
    const end = shortEnd(known.destination);
    if (!seen.isWritable)
      return { problems: [destinationProblem(`${end} cannot be written`, "check who may write there")] };
    return { problems: seen.isKnown || seen.names.length === 0 || force ? [] : [notEmpty(end)] };
  } catch (error) {
    if (error instanceof BelayError && !hasCode(error, "ECANCELED")) return { problems: [error] };
    throw error;
  }
}
