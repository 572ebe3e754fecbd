import { toError } from "@belay/supervise";

import type { ChangeSource, SourceContext, SourceKind } from "./change-source.ts";
import { watchByFanotify } from "./fanotify-source.ts";
import { watchByInotify } from "./inotify-source.ts";
import { watchByScan } from "./scan-source.ts";

/**
 * Starts to watch a tree.
 *
 * @param kind  left out: fanotify, inotify where that is not allowed
 * @throws what the kind that was asked for cannot do here
 */
export async function openSource(context: SourceContext, kind?: SourceKind): Promise<ChangeSource> {
  if (kind === "scan") return watchByScan(context);
  if (kind === "inotify") return watchByInotify(context);
  if (kind === "fanotify") return watchByFanotify(context);
  try {
    return watchByFanotify(context);
  } catch (error) {
    context.logger.info(`no fanotify here (${toError(error).message}): watching every directory by itself`);
    return watchByInotify(context);
  }
}
