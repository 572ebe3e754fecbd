import { existsSync } from "node:fs";
import { BelayError } from "@belay/supervise";
import { checkOption, resetOption, setOption } from "../config/change-config.ts";
import type { Config } from "../config/config.ts";
import { findOption, options } from "../config/options.ts";
import { formatJson } from "./python-json.ts";
import { log, sessionOf, upgradedConfigOf, type Invocation } from "./session-request.ts";
import { upgradeConfigFile } from "../config/upgrade-file.ts";

/** `config-check NAME [--value V]` */
export function configCheck({ args }: Invocation): number {
  checkOption(args.positionals[0] ?? "", args.text("value"));
  return 0;
}

/** `config-set P S -n NAME -v VALUE` */
export async function configSet(invocation: Invocation): Promise<number> {
  const { args } = invocation;
  const name = args.text("name");
  if (name === undefined)
    throw new BelayError("EUSAGE", "gsyncd.py config-set: error: the name of an option is missing (-n)");
  const { config, file } = await upgradedConfigOf(invocation);
  // Without a value there is nothing that could be set; versions before said so in these words.
  await setOption(file, name, args.text("value") ?? noValue(name), config);
  return 0;
}

function noValue(name: string): never {
  checkOption(name, undefined);
  throw new BelayError("EVALUE", `Invalid config value "${name}=None"`, { hint: "give a value with -v" });
}

/** `config-reset P S NAME|all` */
export async function configReset(invocation: Invocation): Promise<number> {
  const { session, file } = sessionOf(invocation);
  await upgradeConfigFile(file, session);
  await resetOption(file, invocation.args.positionals[2] ?? "");
  return 0;
}

/** `config-get P S [--name N] [--show-defaults] [--only-value] [--use-underscore] [--json]` */
export async function configGet(invocation: Invocation): Promise<number> {
  const { args, terminal } = invocation;
  const { config, file } = await upgradedConfigOf(invocation);
  if (!existsSync(file)) {
    log(invocation, config, "W", "Session config file not exists, using the default config", { path: file });
  }
  const shown = (name: string) => args.flag("show-defaults") || isSomebodysChoice(config, name);
  const label = (name: string) => (args.flag("use-underscore") ? name.replaceAll("-", "_") : name);
  const asked = args.text("name");
  if (asked !== undefined) {
    // No name with an underscore is ever found so, not even the one that has some.
    const name = findOption(asked)?.name ?? asked.replaceAll("_", "-");
    if (!config.names.includes(name) || !shown(name)) throw new BelayError("ENAME", `Invalid config name "${asked}"`);
    terminal.out(args.flag("only-value") ? `${config.text(name)}\n` : `${label(asked)}:${config.text(name)}\n`);
    return 0;
  }
  const names = config.names.filter(shown);
  if (args.flag("json")) terminal.out(`${formatJson(names.map((name) => describe(config, name)))}\n`);
  else terminal.out(names.map((name) => `${label(name)}:${config.text(name)}\n`).join(""));
  return 0;
}

// What the monitor wrote for itself is not.
function isSomebodysChoice(config: Config, name: string): boolean {
  return config.isModified(name) && options.get(name)?.configurable !== false;
}

function describe(config: Config, name: string): Record<string, string | boolean> {
  const option = options.get(name);
  // Truth values are capitalised here, and only here.
  const spelled = (value: string) => (option?.type === "bool" ? value.charAt(0).toUpperCase() + value.slice(1) : value);
  return {
    name,
    value: spelled(config.text(name)),
    default: spelled(config.defaultText(name) ?? ""),
    configurable: option?.configurable ?? false,
    modified: config.isModified(name),
  };
}
