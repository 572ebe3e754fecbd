import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { silentLogger, type Ledger, type Logger } from "@belay/supervise";

import { beginConnecting } from "../connect/connect.ts";
import { openOwnFeed } from "../feed/own-feed.ts";
import { defaultPolicy, type SyncPolicy } from "../policy/policy.ts";
import { refuseNested } from "./refuse-nested.ts";
import type { SourceKind } from "../sources/change-source.ts";
import type { WorkerStatus } from "../worker/status.ts";
import { startWorker, type Worker, type WorkerOptions } from "../worker/worker.ts";

/** How to replicate. */
export interface ReplicateOptions {
  /** Names the state at the destination: letters, digits, `-`, `_`; the same whenever the same pair is replicated. */
  readonly session: string;
  /** Directory for journal and queue. */
  readonly state: string;
  readonly sourceKind?: SourceKind | undefined;
  readonly scanEveryMs?: number;
  /** See {@link WorkerOptions.force}. */
  readonly force?: boolean | undefined;
  /** See {@link WorkerOptions.acceptDestination}. */
  readonly acceptDestination?: boolean | undefined;
  /** Default: watches in this process, see `openOwnFeed`. */
  readonly openFeed?: WorkerOptions["openFeed"];
  readonly logger?: Logger;
  readonly ledger?: Ledger | undefined;
  /** Default {@link defaultPolicy}. */
  readonly policy?: SyncPolicy | undefined;
  readonly onStatus?: ((status: WorkerStatus) => void) | undefined;
  /**
   * Program and arguments of the receiving end, which speaks the protocol at its stdin and stdout. Default: a process of our own for
   * the directory.
   */
  readonly secondaryCommand?: readonly string[];
}

/**
 * Makes `destination` equal to `source`, and keeps it so until the worker is disposed of. One attempt: for one that starts again by itself see
 * `startMonitor`.
 *
 * @throws BelayError when one of the directories lies in the other
 */
export async function replicate(source: string, destination: string, options: ReplicateOptions): Promise<Worker> {
  refuseNested(source, destination);
  const { session, state, sourceKind, scanEveryMs, logger = silentLogger, onStatus, policy = defaultPolicy } = options;
  const command = options.secondaryCommand ?? ownSecondary(destination);
  const line = { session, transport: policy };
  await using owned = new AsyncDisposableStack();
  const connecting = owned.use(
    beginConnecting({ command, viaSsh: false, isHeard: true, line, ledger: options.ledger }),
  );
  const worker = await startWorker({
    source,
    state,
    logger,
    ledger: options.ledger,
    force: options.force,
    acceptDestination: options.acceptDestination,
    onStatus,
    openFeed:
      options.openFeed ??
      ((tree) =>
        openOwnFeed({ tree, path: source, journal: join(state, "journal"), kind: sourceKind, scanEveryMs, logger })),
    policy,
    greet: (about) => connecting.greet({ ...about, rules: policy }),
  });
  owned.move(); // the worker has it now
  return worker;
}

function ownSecondary(destination: string): string[] {
  const program = fileURLToPath(new URL("../secondary/secondary-main.ts", import.meta.url));
  return [process.execPath, program, destination, "--child"];
}
