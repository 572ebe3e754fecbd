import { join } from "node:path";

import type { Ledger, Logger } from "@belay/supervise";

import type { ChangeFeed } from "../feed/change-feed.ts";
import { defaultPolicy, type SyncPolicy } from "../policy/policy.ts";
import type { Expected, Hello } from "../rpc/hello-messages.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import { openSourceTree, type SourceTree } from "../sources/source-tree.ts";
import { stateDirectoryName, type Difference } from "../tree/compare.ts";
import { statAt } from "../tree/read-object.ts";
import { anchorCursor } from "./anchor-cursor.ts";
import { queueName, WorkQueue } from "./queue.ts";
import type { RetryItem } from "./retry-table.ts";
import { RunningWorker } from "./running-worker.ts";
import type { WorkerStatus } from "./status.ts";
import { makeDirectory } from "../tree/make-directory.ts";

/** What a worker needs. */
export interface WorkerOptions {
  /** Directory that is replicated. */
  readonly source: string;
  /** Directory of the worker's own for its queue; outside the source. */
  readonly state: string;
  readonly logger: Logger;
  /**
   * Goes on when the source's root is another directory than before, or a comparison finds it empty; otherwise the work halts there with
   * `EROOTCHANGED` or `EROOTEMPTY`, as it may well be a file system that is not mounted.
   */
  readonly force?: boolean | undefined;
  /** Begins to watch the source, or finds who watches it; called once. The worker disposes of the feed. */
  readonly openFeed: (tree: SourceTree) => Promise<ChangeFeed>;
  /** What counts, and how it is sent; default {@link defaultPolicy}. */
  readonly policy?: SyncPolicy | undefined;
  /** Program and arguments that lead to the destination's machine, its name last, for rsync and tar; undefined: it is this one. */
  readonly shell?: readonly string[] | undefined;
  /** For the processes of rsync and tar. */
  readonly ledger?: Ledger | undefined;
  /**
   * Goes on with a destination that is another than the one that was written to, and lies on another file system; otherwise the receiving end
   * refuses with `EDESTINATIONCHANGED`, as it may well be the bare mount point.
   */
  readonly acceptDestination?: boolean | undefined;
  /**
   * Greets the receiving end, which may have been started long before: called once, when everything else is open. The worker disposes of the
   * secondary.
   */
  readonly greet: (about: Pick<Hello, "rootId" | "expected">) => Promise<Secondary>;
  /** Told of every change of the status, at most some times a second. */
  readonly onStatus?: ((status: WorkerStatus) => void) | undefined;
}

/** What could not be applied, and where that is. */
export interface RetryPlace extends RetryItem {
  /** Relative to the source, as far as it is known; undefined: a file that no name is known of. */
  readonly path: Buffer | undefined;
}

/** A replication at work. Disposing of it ends it in order. */
export interface Worker extends AsyncDisposable {
  readonly status: WorkerStatus;
  /** Rejects when the work cannot go on; resolves when it was ended. */
  readonly ended: Promise<void>;
  /**
   * Resolves when everything written to the source before the call is at the destination, and durable. With `verify` what was applied since the
   * last such checkpoint is compared by digest, what differs is applied again and compared again.
   */
  checkpoint(signal?: AbortSignal, options?: { readonly verify?: boolean }): Promise<void>;
  /**
   * Compares everything by digest and applies again what differs. Aborting ends the comparison; a worker that ends leaves it to the next.
   *
   * @returns what differed
   */
  verify(signal?: AbortSignal): Promise<readonly Difference[]>;
  /** What could not be applied, and why; the most often failed first. */
  retries(limit?: number): RetryPlace[];
  /** What waits to be tried again is due now. */
  retryNow(): void;
  /**
   * Has everything at and below a path (bytes, relative to the source; empty: all) compared again.
   *
   * @throws errno errors when there is no such directory
   */
  resync(path: Buffer): void;
  pause(): void;
  resume(): void;
}

/**
 * Starts to replicate: goes on where the last worker was when the feed and the destination are those it had; otherwise compares everything
 * once. Then follows the changes.
 *
 * @throws what keeps it from starting: the source cannot be opened or watched, the secondary cannot be reached
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  makeDirectory(options.state, 0o700);
  await using owned = new AsyncDisposableStack();
  const tree = owned.use(openSourceTree(options.source));
  tellLeftOut(tree, options);
  const { policy = defaultPolicy } = options;
  const queue = owned.use(new WorkQueue(join(options.state, queueName), policy.retryMs));
  tree.places.restore(queue.places());
  queue.retryNow(); // why it failed may have gone with the last worker
  // Watching first, comparing then: whatever changes while we compare is told of.
  const feed = owned.use(await options.openFeed(tree));
  const expected = options.acceptDestination === true ? undefined : expectedOf(queue);
  const secondary = owned.use(await options.greet({ rootId: tree.rootId, expected }));
  const { replica, site } = secondary;
  const finished = secondary.finished();
  queue.owed.collect();
  if (site !== queue.site) queue.record({ site });
  const position = anchorCursor({ queue, feed, policy, replica, finished, tree, isForced: options.force });
  lookAgain(queue, secondary);
  const { shell, ledger, logger } = options;
  const programs = { directory: join(options.state, "engine"), shell, ledger, logger };
  return new RunningWorker({ tree, queue, feed, secondary, policy, programs, position, owned: owned.move() }, options);
}

function lookAgain(queue: WorkQueue, { suspect: { directories, names } }: Secondary): void {
  if (directories.length + names.length === 0) return;
  const why = { code: "ECUTOFF", message: "a batch that was cut off may have changed it", isUnlooked: true };
  const places = names.map(({ parent: directory, name }) => ({ directory, name }));
  const failed = places.filter((place) => queue.waiting(place) === undefined); // whatever it waits for, all of it will be looked at
  queue.record({ crawl: directories, failed: failed.map(({ directory: id, name }) => ({ id, name, ...why })) });
  queue.retryNow();
}

function expectedOf({ anchor, site, created }: WorkQueue): Expected | undefined {
  if (anchor === undefined || site === undefined) return created;
  return { replica: Buffer.from(anchor.replica, "hex"), site };
}

// Whoever makes a directory of that name himself would look for it at the destination.
function tellLeftOut({ root }: SourceTree, { source, logger }: Pick<WorkerOptions, "source" | "logger">): void {
  if (statAt(root, Buffer.from(stateDirectoryName)) === undefined) return;
  logger.warn(`${join(source, stateDirectoryName)} is left out: it is the state of replications into the source`);
}
