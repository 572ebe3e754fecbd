import type { Config } from "../config/config.ts";
import { loadConfig, type ConfigRequest } from "../config/load-config.ts";
import { upgradeConfigFile } from "../config/upgrade-file.ts";
import { appendLogLine, type LogLetter } from "../session/log-line.ts";
import type { Places } from "../session/places.ts";
import { sessionConfigPath } from "../session/places.ts";
import { parseSession, type Session } from "../session/session.ts";
import type { ParsedArguments } from "./argument-parser.ts";
import type { Terminal } from "./output.ts";
import type { Roles } from "./roles.ts";

/** A sub-command that is to be carried out. */
export interface Invocation {
  readonly command: string;
  readonly args: ParsedArguments;
  readonly places: Places;
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  readonly roles: Roles | undefined;
  readonly inet6: boolean;
}

/** The session of a sub-command with `primary` and `secondary`, and where its configuration is. */
export function sessionOf({ args, places }: Invocation): { session: Session; file: string } {
  const [primary = "", secondary = ""] = args.positionals;
  const session = parseSession(primary, secondary);
  return { session, file: args.text("config-file") ?? sessionConfigPath(places, session) };
}

/** The configuration of the session; what is wrong in it is told on stderr. */
export function configOf(invocation: Invocation): { session: Session; file: string; config: Config } {
  const { session, file } = sessionOf(invocation);
  const request: ConfigRequest = { places: invocation.places, session, file };
  const config = loadConfig(request);
  for (const problem of config.problems) invocation.terminal.err(`gsyncd: ${problem}\n`);
  return { session, file, config };
}

/** Brings a session's file of the old format up to date first. */
export async function upgradedConfigOf(invocation: Invocation): Promise<ReturnType<typeof configOf>> {
  const { session, file } = sessionOf(invocation);
  await upgradeConfigFile(file, session);
  return configOf(invocation);
}

/** Adds a line to the session's log. */
export function log(
  { command, args, terminal }: Invocation,
  config: Config,
  letter: LogLetter,
  text: string,
  facts: Readonly<Record<string, string | number>> = {},
): void {
  const line = { letter, module: "gsyncd", label: command, text, facts };
  if (args.flag("debug")) terminal.err(`gsyncd: ${text}\n`);
  else appendLogLine(config.text("log-file"), line);
}
