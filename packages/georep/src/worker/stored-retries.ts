import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode, tempDir, type Ledger } from "@belay/supervise";
import { pathInTree } from "../sources/path-in-tree.ts";
import { openSourceTree } from "../sources/source-tree.ts";
import { queueName, WorkQueue } from "./queue.ts";
import type { RetryItem } from "./retry-table.ts";
import type { RetryPlace } from "./worker.ts";

/** Where a worker was that does not run now. */
export interface RestingWorker {
  /** Its directory. */
  readonly state: string;
  /** Directory that it replicates. */
  readonly source: string;
}

/**
 * What could not be applied, as the queue of a worker has it that is not at work.
 *
 * The queue's files are copied: who opens a database that was cut off recovers it, and would have a worker that starts just then wait in vain.
 *
 * @throws errno errors, and those of SQLite where the worker is at work after all
 */
export async function storedRetries({ state, source }: RestingWorker, ledger: Ledger): Promise<RetryPlace[]> {
  await using directory = await tempDir(ledger, { prefix: "belay-queue-" });
  const copied = [queueName, `${queueName}-wal`].map((name) => copyIfThere(join(state, name), directory.file(name)));
  if (copied[0] !== true) return [];
  using queue = new WorkQueue(directory.file(queueName));
  return withPaths(queue, source);
}

function copyIfThere(from: string, to: string): boolean {
  try {
    copyFileSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

function withPaths(queue: WorkQueue, source: string): RetryPlace[] {
  const retries = queue.retries();
  try {
    using tree = openSourceTree(source);
    // Ids of another file system would name whatever has them there.
    if (queue.anchor?.root !== tree.identity) return retries.map(withNameOnly);
    tree.places.restore(queue.places());
    return retries.map((item) => ({ ...item, path: pathInTree(tree, item.directory, item.name) }));
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES", "ENOTCONN")) return retries.map(withNameOnly);
    throw error;
  }
}

const withNameOnly = (item: RetryItem): RetryPlace => ({
  ...item,
  path: item.name.length === 0 ? undefined : item.name,
});
