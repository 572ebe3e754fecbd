import { hostname } from "node:os";

import type { Ledger, Logger } from "@belay/supervise";

import type { WorkerRequest } from "../../cli/roles.ts";
import type { Config } from "../../config/config.ts";
import { beginConnecting, type Connecting } from "../../connect/connect.ts";
import { openControlPath } from "../../connect/control-path.ts";
import { secondaryCommand, sshCommand } from "../../connect/secondary-command.ts";
import { refuseNested } from "../../monitor/refuse-nested.ts";
import { policyOf, type SyncPolicy } from "../../policy/policy.ts";
import { protocolSession, sourceId } from "../source-of.ts";

/** How the receiving end is reached. */
export interface Way {
  readonly command: readonly string[];
  readonly viaSsh: boolean;
  readonly owner: string;
  readonly policy: SyncPolicy;
  /** Leads to its machine, for the programs of an engine; undefined: it is this one. */
  readonly shell: readonly string[] | undefined;
}

/** @throws BelayError `EINVAL` when one of the directories lies in the other */
export async function wayTo(request: WorkerRequest, path: string, ledger: Ledger): Promise<Way> {
  const config = request.config.current();
  const { primary, secondary, session, debug } = request;
  const owner = sourceId(config, session);
  if (secondary.scheme === "file") refuseNested(path, secondary.path);
  const control = secondary.scheme === "ssh" ? await openControlPath(ledger) : undefined;
  const node = request.localNode ?? hostname();
  const command = secondaryCommand({ source: primary, destination: secondary, config, owner, node, debug }, control);
  const policy = policyOf(config, request.config);
  const shell =
    secondary.scheme === "ssh" ? shellOf(policy, sshCommand(secondary, config, control), config) : undefined;
  return { command, viaSsh: secondary.scheme === "ssh", owner, policy, shell };
}

/** Starts the receiving end. */
export function begin(
  { command, viaSsh, owner, policy }: Way,
  { config }: WorkerRequest,
  { logger, ledger }: { readonly logger: Logger; readonly ledger: Ledger },
): Connecting {
  logger.debug(`starting ${command.join(" ")}`, { session: owner });
  const timeoutMs = config.current().int("secondary-timeout") * 1000;
  const line = { session: protocolSession(owner), transport: policy, timeoutMs };
  return beginConnecting({ command, viaSsh, line, ledger });
}

// The way of the session, unless tar has one of its own.
function shellOf({ engine, programs }: SyncPolicy, session: readonly string[], config: Config): readonly string[] {
  const { tarShellOptions } = programs;
  if (engine !== "tarssh" || tarShellOptions === undefined) return session;
  return [config.text("ssh-command"), ...tarShellOptions, "-p", config.text("ssh-port"), ...session.slice(-1)];
}
