import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isAlive, processIdentity, readPid, sleep } from "@belay/supervise";

import { agentPlaces } from "../../packages/georep/src/agent/agent-places.ts";
import { ensureAgent } from "../../packages/georep/src/agent/ensure-agent.ts";
import { connectToAgent, endAgent } from "../../packages/georep/src/feed/agent-feed.ts";
import type { ReplicateOptions } from "../../packages/georep/src/monitor/replicate.ts";
import { workingPath } from "../../packages/georep/src/session/working-path.ts";
import type { Worker } from "../../packages/georep/src/worker/worker.ts";
import { program } from "../program.ts";
import type { Pair } from "./replica.ts";

/** The agent of a pair's source, run by the command `gsyncd agent`; ended with its scope. */
export interface TestAgent extends AsyncDisposable {
  readonly directory: string;
  readonly pid: number;
  /** Starts it, or finds it; tells whether it had to be started. */
  ensure(answerMs?: number): Promise<boolean>;
  /** Ends it by SIGKILL; resolves when it is dead. */
  kill(): Promise<void>;
  /** Starts a worker that reads from it. */
  worker(options?: Partial<ReplicateOptions>): Promise<Worker>;
}

/** @param settings  lines of its configuration */
export function testAgent(pair: Pair, ...settings: string[]): TestAgent {
  const session = join(pair.base, "glusterd", "geo-replication", "vol_host_copy");
  mkdirSync(session, { recursive: true });
  writeFileSync(join(session, "gsyncd.conf"), `[vars]\nworking-dir = ${pair.base}/work\n${settings.join("\n")}\n`);
  const directory = workingPath(join(pair.base, "work"), realpathSync(pair.source));
  const { pidFile } = agentPlaces(directory);
  const env = {
    ...process.env,
    GLUSTERD_WORKDIR: join(pair.base, "glusterd"),
    DEFAULT_VAR_RUN_DIRECTORY: join(pair.base, "run"),
    BELAY_RUN_DIR: join(pair.base, "belay"),
    BELAY_LOG_DIR: join(pair.base, "log"),
  };
  const argv = [program("gsyncd"), "agent", "vol", "host::copy", "--local-path", pair.source];
  return {
    directory,
    get pid() {
      return readPid(pidFile) ?? 0;
    },
    ensure: (answerMs) =>
      ensureAgent({
        directory,
        argv,
        env,
        stderr: 2,
        signal: AbortSignal.timeout(60_000),
        ...(answerMs && { answerMs }),
      }),
    kill: async () => {
      const identity = processIdentity(readPid(pidFile) ?? 0);
      if (identity === undefined) throw new Error("there is no agent");
      process.kill(identity.pid, "SIGKILL");
      while (isAlive(identity)) await sleep(2);
    },
    worker: (more) => pair.start({ openFeed: () => connectToAgent(directory), ...more }),
    [Symbol.asyncDispose]: async () => {
      await endAgent(directory, AbortSignal.timeout(30_000));
      await sleep(20);
    },
  };
}
