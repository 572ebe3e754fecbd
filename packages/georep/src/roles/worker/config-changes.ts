import { watch } from "node:fs/promises";
import { basename, dirname } from "node:path";

import { sleep } from "@belay/supervise";

/** Where a folder cannot be watched the file is looked at so often, in milliseconds. */
const pollMs = 5000;

/** Calls back when a configuration file may have changed, until the signal aborts; more often than it did. */
export async function onChanges(path: string, signal: AbortSignal, changed: () => void): Promise<void> {
  while (!signal.aborted) {
    try {
      // The folder: each change makes a new file.
      for await (const { filename } of watch(dirname(path), { signal }))
        if (filename === null || filename === basename(path)) changed();
    } catch {
      // It is not there, or there are no watches left: it may come.
    }
    await sleep(pollMs, signal).catch(() => undefined);
    changed();
  }
}
