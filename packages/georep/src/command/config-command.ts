import { BelayError } from "@belay/supervise";
import { checkOption, resetOption, setOption } from "../config/change-config.ts";
import type { Config } from "../config/config.ts";
import { findOption, liveOptions, options } from "../config/options.ts";
import { ownDefaults } from "../config/own-options.ts";
import { policyOf } from "../policy/policy.ts";
import { isPidFileHeld } from "../status/pid-lock-state.ts";
import { calledWrongly, checkedValue } from "./given-options.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";
import { configOf, upgradeConfig } from "./session-files.ts";
import type { Talk } from "./talk.ts";

/** What may be done with a session's configuration. */
export const configActions = ["get", "set", "del", "check", "list"] as const;

/** What a caller wants of it: an action, and the words behind it. */
export interface ConfigRequest {
  readonly action: (typeof configActions)[number];
  readonly words: readonly string[];
  /** `list`: also options that are not set. */
  readonly all?: boolean;
}

/**
 * Reads or changes the configuration of a session.
 *
 * @returns the name of an option that was changed and that the running session does not follow until it starts again
 * @throws BelayError `ENAME`, `EVALUE`, `ENOTCONF`, `EUSAGE`, with exit code 2
 */
export async function configCommand(
  places: GeorepPlaces,
  known: KnownSession,
  { action, words, all = false }: ConfigRequest,
  talk: Talk,
): Promise<string | undefined> {
  await upgradeConfig(known);
  const config = configOf(places, known);
  for (const problem of config.problems) talk.warn(`belay: ${problem}`);
  refuseMore(action, words);
  const [first = "", second] = words;
  switch (action) {
    case "list":
      list(config, all, talk);
      return undefined;
    case "get":
      get(config, needName(action, first), talk);
      return undefined;
    case "check":
      calledWrongly(() => checkOption(needName(action, first), second));
      return undefined;
    case "set":
      return changed(config, await set(known, config, words));
    case "del":
      return changed(config, await del(known, needName(action, first)));
  }
}

const mostWords = { list: 0, get: 1, del: 1, check: 2, set: 2 } as const;

function refuseMore(action: ConfigRequest["action"], words: readonly string[]): void {
  const [extra] = words.slice(mostWords[action]);
  if (extra === undefined) return;
  throw new BelayError("EUSAGE", `${action} does not know what to do with '${extra}'`, {
    hint: action === "set" ? "put a value with blanks in quotes" : "one option at a time",
  });
}

function list(config: Config, all: boolean, talk: Talk): void {
  const names = all ? allNames(config) : config.names.filter((name) => config.isModified(name));
  const width = Math.max(0, ...names.map((name) => name.length));
  for (const name of names) {
    const mark = all && config.isModified(name) ? "*" : all ? " " : "";
    talk.say(`${mark}${name.padEnd(width)}  ${shown(config, name)}`.trimEnd());
    talk.tell(describe(config, name));
  }
}

function get(config: Config, given: string, talk: Talk): void {
  const name = findOption(given)?.name;
  if (name === undefined || !allNames(config).includes(name)) {
    calledWrongly(() => {
      throw new BelayError("ENAME", `Invalid config name "${given}"`);
    });
    return;
  }
  talk.say(shown(config, name));
  talk.tell(describe(config, name));
}

// gsyncd's lists leave ours out until they are set; people have to find them.
function allNames(config: Config): string[] {
  return [...new Set([...config.names, ...ownDefaults.keys()])].sort();
}

/** What is in force, also where nobody set it. */
function shown(config: Config, name: string): string {
  if (config.names.includes(name)) return config.text(name);
  return name === "engine" ? policyOf(config).engine : (ownDefaults.get(name) ?? "");
}

function describe(config: Config, name: string): object {
  const option = options.get(name);
  return {
    name,
    value: shown(config, name),
    default: config.defaultText(name) ?? ownDefaults.get(name) ?? null,
    configurable: option?.configurable ?? false,
    modified: config.isModified(name),
  };
}

async function set(known: KnownSession, config: Config, words: readonly string[]): Promise<string> {
  const [name = "", value] = words.length === 1 ? cutAtEqualsSign(words[0] ?? "") : words;
  if (value === undefined) throw new BelayError("EUSAGE", "set wants an option and its value", { hint: setHint });
  const text = name === "checkpoint" && value === "now" ? String(Math.floor(Date.now() / 1000)) : value;
  await setOption(known.configFile, needName("set", name), checkedValue(name, text), config);
  return name;
}

const setHint = "belay georep config SRC DST set NAME VALUE";

function cutAtEqualsSign(word: string): string[] {
  const at = word.indexOf("=");
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

async function del({ configFile }: KnownSession, name: string): Promise<string> {
  if (name !== "all") calledWrongly(() => checkOption(name, undefined));
  await resetOption(configFile, name);
  return name;
}

function needName(action: string, name: string): string {
  if (name !== "") return name;
  throw new BelayError("EUSAGE", `${action} wants the name of an option`, {
    hint: "belay georep config SRC DST list --all shows them",
  });
}

// The running session reads some options as they change, all others when it starts.
function changed(config: Config, name: string): string | undefined {
  const isLive = liveOptions.includes(findOption(name)?.name ?? "");
  return isLive || !isPidFileHeld(config.text("pid-file")) ? undefined : name;
}
