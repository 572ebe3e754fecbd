import { readFileSync } from "node:fs";
import { hasCode, writeFileAtomic } from "@belay/supervise";

/**
 * Reads `monitor.status`: one word (or a few) without a newline.
 *
 * @returns undefined when there is no file
 */
export function readMonitorStatus(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** Writes `monitor.status`; glusterd reads and writes the same file. The folder has to exist. */
export async function writeMonitorStatus(path: string, status: string): Promise<void> {
  await writeFileAtomic(path, Buffer.from(status));
}
