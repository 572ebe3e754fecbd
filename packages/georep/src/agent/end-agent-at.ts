import { endAgent } from "../feed/agent-feed.ts";
import { lockStart } from "./start-lock.ts";

/** Longest wait for an agent to end, in milliseconds. */
const patienceMs = 10_000;

/**
 * Asks the agent that has its files in a folder to end, and waits until it has. One that is just being started is waited for.
 *
 * @returns false when there is none
 * @throws BelayError `EAGENT` when it does not end in time
 */
export async function endAgentAt(folder: string, signal?: AbortSignal): Promise<boolean> {
  const limit = AbortSignal.timeout(patienceMs);
  const ends = signal === undefined ? limit : AbortSignal.any([limit, signal]);
  using _lock = await lockStart(folder, ends);
  return await endAgent(folder, ends);
}
