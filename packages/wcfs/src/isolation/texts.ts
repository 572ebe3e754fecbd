import type { Oid, Tid } from "@belay/zodb";
import { formatOid, formatTid, tidToUnixNs } from "@belay/zodb";
import { formatDuration } from "../server/duration.ts";
import type { WatchRequest } from "./watch-request.ts";

/** What a pin asks for: the block as of a revision, or as of head again. */
export type PinTarget = Tid | "head";

/** `#<blk> @<rev>` of a pin. */
export function pinText(blk: number, target: PinTarget): string {
  return `#${blk} @${target === "head" ? target : formatTid(target)}`;
}

/** The request that pins a block. */
export function pinRequest(oid: Oid, blk: number, target: PinTarget): string {
  return `pin ${formatOid(oid)} ${pinText(blk, target)}`;
}

/** Why a watch could not be set up; each is the end of an error reply. */
export const refusal = {
  tooFarBack: (at: Tid, head: Tid) =>
    `too far away back from head/at (@${formatTid(head)}); δt = ${formatDuration(millisecondsBetween(at, head))}`,
  unknownFile: () => "file not yet known to wcfs or is not a ZBigFile",
  goingBack: () => "going back in history is forbidden",
  epoch: (rev: Tid, head: Tid) => `file epoch detected @${formatTid(rev)} in between (at,head=@${formatTid(head)}]`,
};

/** The error reply to a request to watch. */
export function setupError(request: WatchRequest, reason: string): string {
  const at = request.at === undefined ? "f".repeat(16) : formatTid(request.at);
  return `error setup watch f<${formatOid(request.oid)}> @${at}: ${reason}`;
}

// Each moment is rounded to a microsecond first, as clients see it in file times.
function millisecondsBetween(from: Tid, to: Tid): number {
  return Number(microseconds(to) - microseconds(from)) / 1000;
}

function microseconds(tid: Tid): bigint {
  return (tidToUnixNs(tid) + 500n) / 1000n;
}
