import { basename } from "node:path";
import { BelayError } from "@belay/supervise";
import { isAcceptable } from "../../config/check-value.ts";
import type { Config } from "../../config/config.ts";
import { options } from "../../config/options.ts";
import { parseArguments } from "../argument-parser.ts";
import { commands } from "../commands.ts";
import { isLegacyCall } from "../interface.ts";
import { checkRestrictedLegacy } from "../legacy/restrict-legacy.ts";
import { parseLegacy } from "../legacy/parse-legacy.ts";
import { normalizePath } from "../../url/normalize-path.ts";
import { parseEscapable } from "../../url/parse.ts";
import { isRsyncOfOurs } from "./rsync-call.ts";
import { isRsyncToStage, isTarToStage } from "./staged-files.ts";

/** What a key holder's command comes to. */
export type SshCall =
  | { readonly kind: "gsyncd"; readonly argv: readonly string[] }
  /** Another program, which is looked up here and not where the caller says. */
  | { readonly kind: "program"; readonly name: "gluster" | "rsync" | "tar"; readonly args: readonly string[] };

const id = /^[\w.:-]{1,128}$/;
const host = /^[\w.:[\]%-]{1,255}$/;
const path = /^\/[^\0]*$/;
const volume = /^[\w.-]{1,255}$/;

// What the arguments of the receiving end may look like. The configuration file is not among them: it names commands.
const secondaryChecks: Readonly<Record<string, RegExp>> = {
  "session-owner": id,
  "primary-brick": path,
  "primary-node": host,
  "primary-node-id": id,
  "local-node": host,
  "local-node-id": id,
};

/**
 * Decides what a key for replication may do: serve the receiving end, tell versions and facts of volumes, and receive rsync's files for a
 * receiving end of the same connection. Nothing that sets a command, removes a file or asks for more.
 *
 * @param command  what ssh was asked to run; cut at blanks, nothing is quoted
 * @param config  of this machine: where Gluster's programs are
 * @param owner  when the key is for one session only: the id its calls have to give
 * @throws BelayError `ERESTRICTED`
 */
export function allowSshCall(
  command: string,
  env: NodeJS.ProcessEnv,
  config: Pick<Config, "text">,
  owner: string | undefined,
): SshCall {
  const [program, ...args] = command.split(" ").filter((word) => word !== "");
  if (program === undefined) throw new BelayError("ERESTRICTED", "");
  switch (basename(program)) {
    case "gsyncd":
      return { kind: "gsyncd", argv: allowGsyncd(args, config, owner) };
    case "gluster":
      if (!isVolumeInfo(args)) throw refused("disallowed gluster invocation");
      return { kind: "program", name: "gluster", args };
    case "rsync":
      if (!isRsyncOfOurs(args, env) && !isRsyncToStage(args, env)) throw refused("disallowed rsync invocation");
      return { kind: "program", name: "rsync", args };
    case "tar":
      if (!isTarToStage(args, env)) throw refused("disallowed tar invocation");
      return { kind: "program", name: "tar", args };
    default:
      throw refused(`invoking ${basename(program)} in restricted SSH session is not allowed`);
  }
}

// Words of a stranger are told in one line that nobody's terminal obeys, and not at any length.
function refused(problem: string): BelayError {
  const told = problem.replace(/[\u0000-\u001f\u007f-\u009f]/g, "?");
  return new BelayError("ERESTRICTED", told.length > 300 ? `${told.slice(0, 300)}…` : told);
}

function allowGsyncd(
  args: readonly string[],
  config: Pick<Config, "text">,
  owner: string | undefined,
): readonly string[] {
  if (args.length === 1 && args[0] === "--version") return args;
  // A configuration names commands; nobody may choose one from afar, nor have one read.
  if (args.some((word) => /^-c|^--conf/.test(word))) throw refused("disallowed gsyncd invocation: -c may not be given");
  const words = args[0] === "--inet6" ? args.slice(1) : args;
  if (words[0] === "secondary" || words[0] === "slave") checkSecondary(words.slice(1), config, owner);
  else if (isLegacyCall(args)) checkListen(args, owner);
  else throw refused("disallowed gsyncd invocation: only secondary may be run");
  return args;
}

function checkSecondary(args: readonly string[], config: Pick<Config, "text">, owner: string | undefined): void {
  const spec = commands.find(({ name }) => name === "secondary");
  const parsed = spec && parseArguments(spec, args);
  if (parsed === undefined || parsed.flag("config-file")) throw refused("disallowed gsyncd invocation");
  if (parsed.flag("copy-from-parent")) throw refused("disallowed gsyncd invocation: copy-from-parent may not be given");
  for (const [name, form] of Object.entries(secondaryChecks))
    require(name, parsed.text(name), (value) => form.test(value));
  for (const name of ["secondary-timeout", "secondary-log-level", "secondary-gluster-log-level"]) {
    const option = options.get(name);
    require(name, parsed.text(name), (value) => option !== undefined && isAcceptable(option, value));
  }
  const programs = config.text("secondary-gluster-command-dir");
  require("secondary-gluster-command-dir", parsed.text("secondary-gluster-command-dir"), (value) => value === programs);
  const [primary = "", secondary = ""] = parsed.positionals;
  require("primary", primary, (value) => volume.test(value) || isDirectory(value));
  require("secondary", secondary, (value) => /^(?:[\w.-]+@)?[\w.:-]+::[\w.-]+$/.test(value) || isDirectory(value));
  checkOwner(parsed.text("session-owner"), owner);
}

// Where it lies is looked at when it is opened: what a path leads to may have changed by then.
function isDirectory(text: string): boolean {
  try {
    const resource = parseEscapable(text);
    return resource.scheme === "file" && resource.path === normalizePath(resource.path);
  } catch {
    return false;
  }
}

function checkListen(args: readonly string[], owner: string | undefined): void {
  const call = parseLegacy(args);
  if (call === undefined || call.local.has("config_file")) throw refused("disallowed gsyncd invocation");
  checkRestrictedLegacy(call);
  checkOwner(call.options.get("session_owner"), owner);
}

function checkOwner(given: string | undefined, owner: string | undefined): void {
  if (owner !== undefined && given !== owner) throw refused("this key is for another session");
}

function require(name: string, value: string | undefined, test: (value: string) => boolean): void {
  if (value !== undefined && !test(value)) throw refused(`disallowed gsyncd invocation: ${name} may not be '${value}'`);
}

// `gluster --version`, or `gluster [--xml] [--remote-host=H] [--inet6] volume info [VOLUME]`
function isVolumeInfo(args: readonly string[]): boolean {
  if (args.length === 1 && args[0] === "--version") return true;
  const start = args.findIndex((word) => !word.startsWith("--"));
  if (start < 0) return false;
  const [first, second, name, ...more] = args.slice(start);
  const flags = args.slice(0, start);
  if (first !== "volume" || second !== "info" || more.length > 0) return false;
  if (name !== undefined && !volume.test(name)) return false;
  return flags.every((flag) => /^--(?:xml|inet6|mode=script|remote-host=[\w.:-]+)$/.test(flag));
}
