import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { BelayError } from "@belay/supervise";
import { sessionConfigPath, sessionsDirectory, type Places } from "../session/places.ts";
import { parseSession } from "../session/session.ts";
import { looksLikeOption, programName } from "./argument-parser.ts";

/** A call in the words glusterd uses, taken apart. */
interface OldCall {
  readonly values: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
  readonly positionals: readonly string[];
}

/** What a call in glusterd's words comes to: another call, urls to print, or nothing at all. */
export type Upgraded =
  | { readonly kind: "command"; readonly argv: readonly string[] }
  | { readonly kind: "urls"; readonly form: "normal" | "canonical"; readonly urls: readonly string[] }
  | { readonly kind: "done" };

// Options of glusterd's calls that are followed by a value. --config-set-rx has more behind it, which nothing reads.
const valued = new Set([
  "-c",
  "--iprefix",
  "--glusterd-uuid",
  "--path",
  "--path-list",
  "--value",
  "--config-get",
  "--config-set",
  "--config-check",
  "--config-del",
  "--create",
  "--verify",
  "--secondaryvoluuid-get",
  "--slavevoluuid-get",
]);

type Branch = (call: OldCall, places: Places) => Upgraded;

const done: Upgraded = { kind: "done" };
const command = (...argv: string[]): Upgraded => ({ kind: "command", argv });

/** Which option makes which call, in the order in which they are looked for. */
const branches: readonly (readonly [trigger: string, Branch])[] = [
  ["--monitor", upgradeMonitor],
  ["--status-get", (call, places) => command("status", ...localPath(call), ...session(call, places))],
  ["--canonicalize-url", (call) => printUrls(call, "canonical")],
  ["--normalize-url", (call) => printUrls(call, "normal")],
  [
    "--config-get-all",
    (call, places) => command("config-get", "--show-defaults", "--use-underscore", ...session(call, places)),
  ],
  ["--verify", () => done],
  ["--secondaryvoluuid-get", (call) => volumeId(call.values.get("--secondaryvoluuid-get"))],
  ["--slavevoluuid-get", (call) => volumeId(call.values.get("--slavevoluuid-get"))],
  ["--config-set-rx", makeConfigFile],
  [
    "--create",
    (call, places) => command("monitor-status", ...session(call, places), call.values.get("--create") ?? ""),
  ],
  ["--config-get", upgradeGet],
  ["--config-set", upgradeSet],
  ["--config-check", (call) => command("config-check", dashed(call.values.get("--config-check")))],
  [
    "--config-del",
    (call, places) => command("config-reset", ...session(call, places), dashed(call.values.get("--config-del"))),
  ],
  ["--delete", upgradeDelete],
];

/**
 * Turns a call in the words of GlusterFS 3, which glusterd still uses, into one of today.
 *
 * @returns undefined when it is none
 * @throws BelayError `EUSAGE`, `EURL`, `ECONFIG`
 */
export function upgradeArguments(argv: readonly string[], places: Places): Upgraded | undefined {
  const names = new Set(argv.map((word) => /^--[^=]*/.exec(word)?.[0] ?? word));
  const branch = branches.find(([trigger]) => names.has(trigger));
  return branch?.[1](takeApart(argv), places);
}

function takeApart(argv: readonly string[]): OldCall {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  const positionals: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    const [, name = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    if (!word.startsWith("-")) positionals.push(word);
    else if (!valued.has(name)) flags.add(name);
    else values.set(name, value ?? valueOf(name, argv[++i]));
  }
  return { values, flags, positionals };
}

function valueOf(name: string, next: string | undefined): string {
  return next === undefined || looksLikeOption(next) ? missing(name) : next;
}

function missing(name: string): never {
  throw new BelayError("EUSAGE", `${programName}: error: argument ${name}: expected one argument`);
}

/** `[--inet6 does not matter here]` P without its colons, S without `ssh://` and what follows the volume; their configuration file exists from now on. */
function session({ positionals }: OldCall, places: Places): string[] {
  const [first, second] = positionals;
  if (first === undefined || second === undefined) {
    const lacking = first === undefined ? "primary, secondary" : "secondary";
    throw new BelayError("EUSAGE", `${programName}: error: the following arguments are required: ${lacking}`);
  }
  const primary = first.replace(/^:+|:+$/g, "");
  const secondary = cutSecondary(second);
  makeIfPossible(sessionConfigPath(places, parseSession(primary, secondary)));
  return ["--", primary, secondary];
}

function cutSecondary(text: string): string {
  const [host = "", volume] = text.replace(/^ssh:\/\//, "").split("::");
  return volume === undefined ? host : `${host}::${volume.replace(/:.*$/s, "")}`;
}

function localPath({ values }: OldCall): string[] {
  const path = values.get("--path");
  return path === undefined ? [] : [`--local-path=${path}`];
}

// A paused session that is started again stays paused: glusterd says so, and means it.
function upgradeMonitor(call: OldCall, places: Places): Upgraded {
  const { values, flags } = call;
  const id = values.get("--glusterd-uuid");
  const more = [
    ...(id === undefined ? [] : [`--local-node-id=${id}`]),
    ...(flags.has("--pause-on-start") ? ["--pause-on-start"] : []),
    ...(flags.has("--debug") ? ["--debug"] : []),
  ];
  return command("monitor", ...more, ...session(call, places));
}

function upgradeGet(call: OldCall, places: Places): Upgraded {
  const name = dashed(call.values.get("--config-get"));
  return command("config-get", "--only-value", "--show-defaults", `--name=${name}`, ...session(call, places));
}

// The session's owner was an option once; glusterd still sets it at every start.
function upgradeSet(call: OldCall, places: Places): Upgraded {
  const name = call.values.get("--config-set") ?? "";
  const [primary, secondary, next] = call.positionals;
  const value = call.values.get("--value") ?? next;
  const words = session({ ...call, positionals: [primary ?? "", secondary ?? ""] }, places);
  if (dashed(name) === "session-owner") return done;
  return command("config-set", `--name=${name}`, ...(value === undefined ? [] : [`--value=${value}`]), ...words);
}

function upgradeDelete(call: OldCall, places: Places): Upgraded {
  const list =
    call.values.get("--path-list") ?? (call.values.has("--path") ? `--path=${call.values.get("--path")}` : "");
  const paths = list
    .split("--path=")
    .map((path) => path.trim())
    .filter(Boolean);
  const reset = call.flags.has("--reset-sync-time") ? ["--reset-sync-time"] : [];
  return command("delete", ...paths.map((path) => `--path=${path}`), ...reset, ...session(call, places));
}

function volumeId(secondary = ""): Upgraded {
  const [host = "", volume] = secondary.replace(/^ssh:\/\//, "").split("::");
  if (volume === undefined) throw new BelayError("EURL", `'${secondary}' is no HOST::VOLUME`);
  return command("voluuidget", "--", host, volume.replace(/:.*$/s, ""));
}

function printUrls({ positionals }: OldCall, form: "normal" | "canonical"): Upgraded {
  const name = form === "normal" ? "--normalize-url" : "--canonicalize-url";
  if (positionals.length === 0) missing(name);
  return { kind: "urls", form, urls: form === "normal" ? positionals.slice(0, 1) : positionals };
}

// glusterd writes its templates by such calls. What they say is built in today, but the file has to be there.
function makeConfigFile({ values }: OldCall): Upgraded {
  const path = values.get("-c");
  if (path === undefined) throw new BelayError("ECONFIG", "--config-set-rx needs a file", { hint: "-c FILE names it" });
  if (path.endsWith("gsyncd.conf")) {
    mkdirSync(dirname(path), { recursive: true });
    makeIfPossible(path);
  }
  return done;
}

/** The file glusterd takes for the template; it has to be there, empty as it may be. */
export function makeTemplateFile(places: Places): void {
  makeIfPossible(join(sessionsDirectory(places), "gsyncd_template.conf"));
}

// Where there is no folder for it, or no right to write, whatever needs the file will say so itself.
function makeIfPossible(path: string): void {
  try {
    closeSync(openSync(path, "a", 0o644));
  } catch {
    // see above
  }
}

function dashed(name = ""): string {
  return name.replaceAll("_", "-");
}
