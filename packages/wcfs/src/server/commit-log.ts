import type { Logger } from "@belay/supervise";
import { formatOid, formatTid } from "@belay/zodb";
import type { HeadChange } from "../files/head-files.ts";

/** Logs what commits changed: from verbosity 1 on that there was something, from 2 on which blocks of which files. */
export function logChange(change: HeadChange, verbosity: number, log: Logger): void {
  if (verbosity < 1) return;
  const tids = change.tids.map((tid) => `@${formatTid(tid)}`).join(" ");
  log.debug(`commit ${tids}: ${change.files.length} files changed`);
  if (verbosity < 2) return;
  for (const { file, blocks, oldSize } of change.files) {
    const size = oldSize === undefined ? "" : `, size ${oldSize} -> ${file.dataSize}`;
    log.debug(
      `commit ${tids}: f<${formatOid(file.oid)}>: blocks ${[...blocks.keys()].sort((a, b) => a - b).join(" ")}${size}`,
    );
  }
}
