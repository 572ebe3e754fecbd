import { existsSync, readdirSync, rmSync, statSync, unlinkSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { lremovexattr, lsetxattr } from "@belay/linux";
import { BelayError, hasCode } from "@belay/supervise";
import type { Config } from "../config/config.ts";
import { nameForFile, sessionFolder, type Session } from "../session/session.ts";
import { isPidFileHeld } from "../status/pid-lock-state.ts";
import { configOf, log, type Invocation } from "./session-request.ts";

/**
 * `delete P S [--path BRICK]… [--reset-sync-time]`: removes a session's folder, its scratch folder and its pid file. Agents
 * that watch its sources end.
 *
 * Only paths that end in the session's own name are removed, whatever a configuration says, and none is taken for a pattern.
 *
 * @throws BelayError `EACTIVE` while its monitor runs; `EFOREIGN` for a path that is not the session's; `EAGENT` for an agent that does not end
 */
export async function deleteSession(invocation: Invocation): Promise<number> {
  const { args } = invocation;
  const { config, session } = configOf(invocation);
  const pidFile = config.text("pid-file");
  if (isPidFileHeld(pidFile)) {
    throw new BelayError("EACTIVE", `the session is active: ${pidFile} is held by its monitor`, {
      hint: "stop it first",
    });
  }
  const folders = ["georep-session-working-dir", "working-dir"].map((name) => ownFolder(config, session, name));
  requireOwnPidFile(pidFile, session);
  log(invocation, config, "I", "geo-replication delete");
  await endAgents(resolve(config.text("working-dir")));
  // First of all: once the folders are gone nobody knows the name of the attribute any more.
  if (args.flag("reset-sync-time")) for (const brick of args.list("path")) forgetSyncTime(config, brick);
  for (const path of [pidFile, `${pidFile}.tmp`]) removeFile(path);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  return 0;
}

// Those of a killed monitor, or that were to go on (keep-journal). Each source has a folder of its own.
async function endAgents(working: string): Promise<void> {
  const isThere = statSync(working, { throwIfNoEntry: false })?.isDirectory() === true;
  const folders = isThere ? readdirSync(working) : [];
  const found = folders.map((name) => join(working, name)).filter((folder) => existsSync(join(folder, "agent.lock")));
  if (found.length === 0) return;
  const { endAgentAt } = await import("../agent/end-agent-at.ts"); // takes as long to load as all the rest
  for (const folder of found) await endAgentAt(folder);
}

function ownFolder(config: Config, session: Session, option: string): string {
  const path = resolve(config.text(option));
  if (basename(path) !== sessionFolder(session)) throw foreign(option, path);
  return path;
}

function requireOwnPidFile(path: string, session: Session): void {
  const parts = [session.primary, session.host, session.volume].map(nameForFile);
  if (basename(path) !== `gsyncd-${parts.join("-")}.pid`) throw foreign("pid-file", path);
}

function foreign(option: string, path: string): BelayError {
  return new BelayError("EFOREIGN", `${option} is ${path}, which is not of this session`, {
    hint: "remove it by hand, and the option from the configuration",
  });
}

/** Makes the next start of a session replicate everything: "synced up to" becomes the beginning of time. */
function forgetSyncTime(config: Config, brick: string): void {
  const prefix = config.text("stime-xattr-prefix");
  if (prefix === "") return;
  lsetxattr(brick, `${prefix}.stime`, Buffer.alloc(8));
  try {
    lremovexattr(brick, `${prefix}.entry_stime`);
  } catch (error) {
    if (!hasCode(error, "ENODATA")) throw error;
  }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
  }
}
