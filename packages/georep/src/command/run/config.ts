import { BelayError, hasCode } from "@belay/supervise";
import { configActions, configCommand, type ConfigRequest } from "../config-command.ts";
import { listSessions } from "../find-session.ts";
import type { KnownSession } from "../known-session.ts";
import { startSession } from "../start.ts";
import { stopSession } from "../stop.ts";
import { sessionOf, type CommonOptions, type Context } from "./context.ts";

/** Options of `belay georep config`. */
export interface ConfigOptions extends CommonOptions {
  readonly all?: boolean;
  readonly restart?: boolean;
}

/** `belay georep config SESSION [get|set|del|check|list …]` */
export async function config(context: Context, words: readonly string[], options: ConfigOptions): Promise<number> {
  const { places, talk, signal } = context;
  const [names, rest] = splitWords(context, words);
  const known = sessionFor(context, names);
  const changed = await configCommand(places, known, { ...requestOf(rest), all: options.all === true }, talk);
  if (changed === undefined) return 0;
  if (options.restart === true) {
    await stopSession(places, known, { signal });
    await startSession(places, known, { signal });
    talk.say(`${known.name} has been started again`);
  } else talk.warn(`belay: ${known.name} follows ${changed} when it starts again: belay georep restart ${known.name}`);
  return 0;
}

function sessionFor(context: Context, names: string[]): KnownSession {
  try {
    return sessionOf(context, names);
  } catch (error) {
    const [, second] = names;
    if (second === undefined || second.includes("/") || !hasCode(error, "ENOSESSION")) throw error;
    throw new BelayError("EUSAGE", `'${second}' is neither an action nor the destination of a session`, {
      hint: `actions are ${configActions.join(", ")}; belay georep list shows the sessions`,
      cause: error,
    });
  }
}

// A session and an action, or source and destination: only of the first two words is a directory called as an action is.
function splitWords(context: Context, words: readonly string[]): [string[], readonly string[]] {
  const [first = "", second] = words;
  const alone: [string[], readonly string[]] = [[first], words.slice(1)];
  if (second === undefined) return alone;
  const isPair = !isAction(second) || (!isName(context, first) && isSession(context, [first, second]));
  return isPair ? [[first, second], words.slice(2)] : alone;
}

function isName({ places }: Context, word: string): boolean {
  return listSessions(places).some(({ name }) => word !== "" && name.startsWith(word));
}

function isSession(context: Context, names: string[]): boolean {
  try {
    sessionOf(context, names);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOSESSION", "EOTHERWAY", "EURL", "ENOTYET")) return false;
    throw error;
  }
}

function requestOf([action = "list", ...words]: readonly string[]): ConfigRequest {
  if (isAction(action)) return { action, words };
  // `config SRC DST NAME [VALUE]`, as the gluster command has it.
  if (action.startsWith("!")) return { action: "del", words: [action.slice(1)] };
  return words.length === 0 && !action.includes("=")
    ? { action: "get", words: [action] }
    : { action: "set", words: [action, ...words] };
}

function isAction(word: string): word is ConfigRequest["action"] {
  return configActions.some((action) => action === word);
}
