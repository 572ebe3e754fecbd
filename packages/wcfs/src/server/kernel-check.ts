import type { Connection, InitOptions } from "@belay/fuse";
import * as fuse from "@belay/fuse";
import { writeLine, type Logger } from "@belay/supervise";

/** What the kernel is asked for. Never AUTO_INVAL_DATA: with it a new mtime would drop all of a file's cache. */
export const wcfsInit: InitOptions = {
  flags:
    fuse.FUSE_ASYNC_READ |
    fuse.FUSE_PARALLEL_DIROPS |
    fuse.FUSE_MAX_PAGES |
    fuse.FUSE_BIG_WRITES |
    fuse.FUSE_EXPLICIT_INVAL_DATA |
    fuse.FUSE_ABORT_ERROR,
};

const warnings = [
  "the kernel drops a file's whole cache whenever its size changes",
  "every commit that makes a file larger will cost all of what is cached of it",
  "this works, but it will be awfully slow",
  "use Linux 5.2 or newer, which leaves the cache to the server (FUSE_EXPLICIT_INVAL_DATA)",
];

/** Says so when the kernel cannot do what makes the server fast. */
export function warnOfOldKernel(connection: Connection, log: Logger): void {
  if ((connection.flags & fuse.FUSE_EXPLICIT_INVAL_DATA) !== 0n) return;
  for (const warning of warnings) {
    log.error(warning);
    writeLine(2, `W: wcfs: ${warning}\n`);
  }
}
