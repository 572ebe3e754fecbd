import { hostname } from "node:os";
import { BelayError, hasCode, openLedger, toError, untilAborted } from "@belay/supervise";
import type { Config } from "../config/config.ts";
import { reach } from "../connect/connect.ts";
import { secondaryCommand } from "../connect/secondary-command.ts";
import { faultOf, type FaultReason } from "../monitor/fault.ts";
import { protocolSession } from "../roles/source-of.ts";
import { connectObserver, type Observer } from "../rpc/observer.ts";
import { shortEnd } from "./ends.ts";
import type { KnownSession } from "./known-session.ts";

/** Longest silence of the other side, in milliseconds. */
export const answerMs = 30_000;

/** Codes by what is wrong with the other side. */
const codes: Readonly<Partial<Record<FaultReason, string>>> = {
  unreachable: "EUNREACHABLE",
  timeout: "EUNREACHABLE",
  connection: "EUNREACHABLE",
  "host-key": "EHOSTKEY",
  permission: "EAUTH",
  "no-program": "ENOGSYNCD",
  refused: "EREFUSED",
  locked: "ELOCKED",
};

/**
 * Connects to the other side as a worker would, to ask it things; nothing is made there.
 *
 * @throws BelayError `EUNREACHABLE`, `EHOSTKEY`, `EAUTH`, `ENOGSYNCD`, `EREFUSED`, `ELOCKED`, `EDESTINATION`; `ECANCELED`
 */
export async function askOtherSide<T>(
  known: KnownSession,
  config: Config,
  ask: (observer: Observer) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const { source, destination, id } = known;
  const request = { source, destination, config, owner: id, node: hostname(), debug: false };
  await using ledger = await openLedger();
  const command = secondaryCommand(request, undefined);
  try {
    const reaching = reach({ command, viaSsh: destination.scheme === "ssh", ledger }, (input, output) =>
      connectObserver(input, output, { session: protocolSession(id), timeoutMs: answerMs }),
    );
    await using observer = await untilAborted(reaching, signal);
    return await untilAborted(explained(ask(observer), observer), signal);
  } catch (error) {
    throw hasCode(error, "ECANCELED") ? error : otherSideProblem(known, toError(error));
  }
}

// A request that was under way only knows that the connection is gone.
async function explained<T>(asked: Promise<T>, { lost }: Observer): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (hasCode(error, "ECONNLOST", "EPIPE", "ECONNRESET")) throw await lost;
    throw error;
  }
}

/** What is wrong with the other side, with a code of its own. */
export function otherSideProblem({ destination, source }: KnownSession, error: Error): BelayError {
  const { reason, message, hint } = faultOf(error);
  const key = `belay georep key ${source.path} ${shortEnd(destination)}`;
  const more = reason === "permission" ? `${key} makes a key, and prints the line for authorized_keys there` : hint;
  const code = hasCode(error, "ELOCKED") ? "ELOCKED" : (codes[reason] ?? "EDESTINATION");
  return new BelayError(code, `${shortEnd(destination)}: ${message}`, { hint: more, reason });
}
