import { BelayError, daemonize, firstInherited, takeFileLock, untilAborted } from "@belay/supervise";

import { connectLocal } from "../local-socket/connect-local.ts";
import { endAgent } from "../feed/agent-feed.ts";
import { onLines } from "../local-socket/read-lines.ts";
import { agentPlaces, type AgentPlaces } from "./agent-places.ts";
import { greeting, parseLine, type Greeting } from "./messages.ts";
import { startLock } from "./start-lock.ts";
import { makeDirectory } from "../tree/make-directory.ts";

/** How an agent is started. */
export interface AgentStart {
  /** The source's working directory. */
  readonly directory: string;
  /** Program and arguments; it has to call `reportReady` as the role `agent` does. */
  readonly argv: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Descriptor for its stderr; default `/dev/null`. */
  readonly stderr?: number;
  readonly signal?: AbortSignal;
  /** As `settingsText` has them; an agent that watches with others is replaced. undefined: any will do. */
  readonly settings?: string | undefined;
  /** How long an agent that is there may take to say something, in milliseconds. Default 15 seconds. */
  readonly answerMs?: number;
}

/**
 * Makes sure that the source of a working directory has an agent: finds it by its socket, or starts it in a session of its own.
 *
 * @returns whether it had to be started
 * @throws what keeps the agent from starting, with its code; BelayError `EAGENT` when there is one that does not answer
 */
export async function ensureAgent(start: AgentStart): Promise<boolean> {
  const { directory, argv, env, stderr, signal, answerMs, settings } = start;
  const places = agentPlaces(directory);
  makeDirectory(directory, 0o700);
  using lock = await takeFileLock(places.startLock, { wait: true, signal });
  const greeted = await greetingOf(places, signal, answerMs);
  if (greeted !== undefined && (settings === undefined || greeted.settings === settings)) return false;
  if (greeted !== undefined) await endAgent(directory, signal ?? AbortSignal.timeout(endMs));
  const passed = { env: startLock.pass(env ?? process.env, firstInherited), inherit: [lock.fd] };
  await daemonize({ argv, signal, ...passed, ...(stderr === undefined ? {} : { output: { stderr } }) });
  return true;
}

/** For an agent to end that has to make room for another, in milliseconds. */
const endMs = 10_000;

// One that was just killed may still take connections; it says nothing any more.
async function greetingOf(
  { socket: path, pidFile }: AgentPlaces,
  signal: AbortSignal | undefined,
  answerMs = 15_000,
): Promise<Greeting | undefined> {
  const socket = await connectLocal(path);
  if (socket === undefined) return undefined;
  const late = AbortSignal.timeout(answerMs);
  try {
    const said = new Promise<Greeting | undefined>((resolve) => {
      onLines(socket, (line) => resolve(parseLine(greeting, line)));
      socket.once("close", () => resolve(undefined));
      socket.on("error", () => resolve(undefined));
    });
    return await untilAborted(said, signal === undefined ? late : AbortSignal.any([late, signal]));
  } catch (error) {
    if (!late.aborted || signal?.aborted === true) throw error;
    throw new BelayError("EAGENT", `the agent does not answer (${pidFile})`, {
      hint: "it may be stopped: kill -CONT goes on, kill -KILL has the monitor start another one",
    });
  } finally {
    socket.destroy();
  }
}
