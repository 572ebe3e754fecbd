import { join } from "node:path";
import { BelayError } from "@belay/supervise";
import { readOldConfig, regexOfGlob, resolveOldConfig, type OldPeers } from "../../config/old/old-config.ts";
import { placesOf, sessionsDirectory } from "../../session/places.ts";
import { formatResource } from "../../url/format.ts";
import { parseResource } from "../../url/parse.ts";
import { canConnect, type Resource } from "../../url/resource.ts";
import type { Terminal } from "../output.ts";
import type { Roles } from "../roles.ts";
import { legacyDefaults } from "./legacy-options.ts";
import type { LegacyCall } from "./parse-legacy.ts";
import { peerNamesOf } from "./peer-names.ts";

/** A call and what it is about. */
export interface LegacyContext {
  /** As it was given. */
  readonly argv: readonly string[];
  readonly call: LegacyCall;
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  readonly roles: Roles | undefined;
  readonly configFile: string;
  /** The resources the configuration is for, before `--resource-local` and `--resource-remote` replace any. */
  readonly peers: OldPeers;
  readonly peerNames: ReadonlyMap<string, string>;
}

/** What a call is about: its file, and the peers whose configuration counts. */
export async function createContext(
  argv: readonly string[],
  call: LegacyCall,
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
  roles: Roles | undefined,
): Promise<LegacyContext> {
  const configFile = call.local.get("config_file") ?? join(sessionsDirectory(placesOf(env)), "gsyncd_template.conf");
  const patterns = call.config?.patterns ?? "none";
  if (patterns !== "none") {
    const names = patterns === "glob" ? call.positionals.map(regexOfGlob) : call.positionals;
    return { argv, call, env, terminal, roles, configFile, peers: { names }, peerNames: new Map() };
  }
  const [local, remote] = connectable(call.positionals);
  const both = [local, remote].filter((resource) => resource !== undefined);
  const names = await Promise.all(both.map((resource) => formatResource(resource, "canonical")));
  const peerNames = await peerNamesOf(local, remote);
  return { argv, call, env, terminal, roles, configFile, peers: { names }, peerNames };
}

/** The resources of a call; the first must be able to replicate to the second. */
export function connectable(urls: readonly string[]): [Resource?, (Resource | undefined)?] {
  const [local, remote] = urls.map(parseResource);
  if (local === undefined) return [];
  if (!canConnect(local, remote)) {
    const path = (resource: Resource | undefined) => resource?.body ?? "None";
    throw new BelayError("ECONNECT", `${path(local)} cannot work with ${path(remote)}`);
  }
  return [local, remote];
}

/** Everything the file says about these peers, templates filled in. */
export function fileValues({ configFile, peers, peerNames, call }: LegacyContext): Map<string, string> {
  const others = new Map([...legacyDefaults, ...call.options]);
  return resolveOldConfig(readOldConfig(configFile, peers), others, peerNames);
}

/** What is in force: the call comes before the file, that before the defaults. */
export function valuesOf(context: LegacyContext): Map<string, string> {
  return new Map([...legacyDefaults, ...fileValues(context), ...context.call.options]);
}
