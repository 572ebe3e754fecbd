import { join } from "node:path";

/** Where the agent of a source has its files, below the source's working directory. */
export interface AgentPlaces {
  readonly journal: string;
  /** Id of the agent's life, for people. */
  readonly incarnation: string;
  readonly pidFile: string;
  readonly socket: string;
  /** Locked while the agent is looked for and started. */
  readonly startLock: string;
}

export function agentPlaces(directory: string): AgentPlaces {
  const journal = join(directory, "journal");
  return {
    journal,
    incarnation: join(journal, "incarnation"),
    pidFile: join(directory, "agent.pid"),
    socket: join(directory, "agent.sock"),
    startLock: join(directory, "agent.lock"),
  };
}
