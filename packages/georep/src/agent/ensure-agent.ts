import { mkdirSync } from "node:fs";

import { daemonize, takeFileLock, untilAborted } from "@belay/supervise";

import { connectLocal } from "../local-socket/connect-local.ts";
import { agentPlaces } from "./agent-places.ts";

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
}

/**
 * Makes sure that the source of a working directory has an agent: finds it by its socket, or starts it in a session of its own.
 *
 * @returns whether it had to be started
 * @throws what keeps the agent from starting, with its code
 */
export async function ensureAgent({ directory, argv, env, stderr, signal }: AgentStart): Promise<boolean> {
  const places = agentPlaces(directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  using _lock = await takeFileLock(places.startLock, { wait: true, signal });
  if (await answers(places.socket, signal)) return false;
  await daemonize({ argv, signal, ...(env && { env }), ...(stderr === undefined ? {} : { output: { stderr } }) });
  return true;
}

// One that was just killed may still take connections; it says nothing any more.
async function answers(path: string, signal: AbortSignal | undefined): Promise<boolean> {
  const socket = await connectLocal(path);
  if (socket === undefined) return false;
  try {
    const said = new Promise<boolean>((resolve) => {
      socket.once("data", () => resolve(true));
      socket.once("close", () => resolve(false));
      socket.on("error", () => resolve(false));
    });
    return await untilAborted(said, signal);
  } finally {
    socket.destroy();
  }
}
