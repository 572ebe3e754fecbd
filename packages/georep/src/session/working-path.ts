import { createHash } from "node:crypto";
import { join } from "node:path";

import { escapeUrl } from "../url/format.ts";

/** Names longer than that are told apart by their sum. */
const longestName = 200;

/** Folder of a source's journal, queue and sockets: its escaped path in the configuration's `working-dir`. */
export function workingPath(workingDirectory: string, source: string): string {
  const name = escapeUrl(source);
  const isShort = Buffer.byteLength(name) <= longestName;
  return join(workingDirectory, isShort ? name : createHash("sha256").update(source).digest("hex"));
}
