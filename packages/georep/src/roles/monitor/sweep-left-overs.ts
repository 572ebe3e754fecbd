import { sweep, toError, type Logger } from "@belay/supervise";

/** What is swept. */
export interface SweepScope {
  /** Only what roles of replications left, not what other programs did. */
  readonly onlyRoles: boolean;
  /** Most time for it, in milliseconds. */
  readonly timeoutMs: number;
}

// As the command lines of today and of 2014 have them.
const isRole = (word: string): boolean => /^(monitor|worker|agent|--monitor|--agent|--feedback-fd=\d+)$/.test(word);

/**
 * Releases what processes that were killed have left: processes, sockets, pid files, folders of ssh. What cannot be released is told and stays
 * for the next sweep.
 */
export async function sweepLeftOvers(logger: Logger, { onlyRoles, timeoutMs }: SweepScope): Promise<void> {
  const of = (program: readonly string[]) => !onlyRoles || program.some(isRole);
  try {
    const { entries } = await sweep({ fix: true, of, logger, signal: AbortSignal.timeout(timeoutMs) });
    for (const { entry, outcome } of entries) logger.debug(`left over: ${entry.kind}`, { outcome });
  } catch (error) {
    logger.warn(`what was left over stays: ${toError(error).message}`);
  }
}
