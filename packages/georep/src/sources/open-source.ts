import { BelayError, hasCode, toError } from "@belay/supervise";

import type { ChangeSource, SourceContext, SourceKind } from "./change-source.ts";
import { watchByFanotify } from "./fanotify-source.ts";
import { watchByInotify } from "./inotify-source.ts";
import { watchByScan } from "./scan-source.ts";

/**
 * Starts to watch a tree.
 *
 * @param kind  left out: fanotify; inotify where that is not allowed; scan where the watches of inotify do not suffice
 * @throws what the kind that was asked for cannot do here
 */
export async function openSource(context: SourceContext, kind?: SourceKind): Promise<ChangeSource> {
  if (kind === "scan") return watchByScan(context);
  if (kind === "inotify") return watchByInotify(context);
  if (kind === "fanotify") return watchByFanotifyOnly(context);
  const { logger } = context;
  try {
    return watchByFanotify(context);
  } catch (error) {
    logger.info(`no fanotify here (${toError(error).message}): watching every directory by itself`);
  }
  try {
    return await watchByInotify(context);
  } catch (error) {
    if (!(error instanceof BelayError && error.code === "EWATCHES")) throw error;
    logger.warn(
      `${error.message}; the whole tree is compared from time to time instead. To change that, ${error.hint}`,
    );
    return watchByScan(context);
  }
}

function watchByFanotifyOnly(context: SourceContext): ChangeSource {
  try {
    return watchByFanotify(context);
  } catch (error) {
    const isAllowed = !hasCode(error, "EPERM");
    throw new BelayError("ESOURCE", `fanotify cannot watch ${context.path}: ${toError(error).message}`, {
      hint: `${isAllowed ? "not every file system and kernel has it" : "only root may"}: set change-source to auto or inotify`,
      cause: error,
    });
  }
}
