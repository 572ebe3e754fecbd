import { resolve } from "node:path";
import { BelayError } from "@belay/supervise";
import type { Config } from "../config/config.ts";
import { loadConfig, type ConfigRequest } from "../config/load-config.ts";
import { upgradeConfigFile } from "../config/upgrade-file.ts";
import { appendLogLine, type LogLetter } from "../session/log-line.ts";
import type { Places } from "../session/places.ts";
import { sessionConfigPath } from "../session/places.ts";
import { parseSession, secondaryText, sessionBetween, type Session } from "../session/session.ts";
import { parseEscapable } from "../url/parse.ts";
import { canConnect, type GlusterResource, type Resource } from "../url/resource.ts";
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

/** What a sub-command with `primary` and `secondary` is about. */
export interface SessionRequest {
  readonly session: Session;
  /** Its configuration. */
  readonly file: string;
  readonly primary: Resource;
  readonly secondary: Resource;
}

/**
 * The session of a sub-command with `primary` and `secondary`: a volume and `[USER@]HOST::VOLUME`, or two urls.
 *
 * @throws BelayError `EURL`; `ECONNECT` when the first cannot be replicated to the second
 */
export function sessionOf({ args, places }: Pick<Invocation, "args" | "places">): SessionRequest {
  const [primary = "", secondary = ""] = args.positionals;
  const about = isUrl(primary) ? betweenUrls(primary, secondary) : betweenVolumes(primary, secondary);
  const given = args.text("config-file");
  return { ...about, file: given === undefined ? sessionConfigPath(places, about.session) : fileNamed(given) };
}

/** A configuration file as the command line names it. An empty name is that of a file that is not there, not that of the folder. */
export function fileNamed(given: string): string {
  return given === "" ? "" : resolve(given);
}

// No volume's name has any of these.
const isUrl = (text: string): boolean => /^\/|:\/\/|^\w+%3A%2F%2F/i.test(text);

function betweenUrls(primary: string, secondary: string): Omit<SessionRequest, "file"> {
  const [near, far] = [parseEscapable(primary), parseEscapable(secondary)];
  if (!canConnect(near, far)) throw new BelayError("ECONNECT", `${near.body} cannot work with ${far.body}`);
  return { session: sessionBetween(near, far), primary: near, secondary: far };
}

function betweenVolumes(primary: string, secondary: string): Omit<SessionRequest, "file"> {
  const session = parseSession(primary, secondary);
  const { user, host } = session;
  const far = { scheme: "ssh", body: secondaryText(session), user, host, inner: volume(session.volume) } as const;
  return { session, primary: volume(session.primary), secondary: far };
}

function volume(name: string): GlusterResource {
  return { scheme: "gluster", body: `localhost:${name}`, host: "localhost", volume: name };
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
