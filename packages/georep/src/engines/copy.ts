import { AT_EMPTY_PATH, statx } from "@belay/linux";
import { hasCode } from "@belay/supervise";

import { maxCopy, type LocalPart, type Want } from "../rpc/messages.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import { ContentDigest } from "./content-digest.ts";
import { dataRanges } from "./data-ranges.ts";

/** Below this a file is sent whole: asking for signatures first takes longer. */
export const deltaFrom = 256 * 1024;

/** A secondary on this machine, which can open what this process has open. */
export type LocalSecondary = Secondary & { readonly copy: (part: LocalPart) => Promise<number> };

/**
 * Has a secondary on this machine copy the content of a file from where it is: without its holes, or where it has an older content only what
 * differs.
 *
 * @returns the bytes written; undefined when it may not open it: then it has to be sent
 */
export async function copyContent(
  secondary: LocalSecondary,
  fd: number,
  { id, base }: Want,
): Promise<{ bytes: number } | undefined> {
  const isDelta = base >= deltaFrom;
  const { size } = statx(fd, "", AT_EMPTY_PATH);
  await secondary.begin(id, isDelta);
  let bytes = 0;
  try {
    for (const { start, end } of isDelta ? [{ start: 0, end: size }] : dataRanges(fd, size))
      for (let offset = start; offset < end; offset += maxCopy) {
        const length = Math.min(maxCopy, end - offset);
        bytes += await secondary.copy({ id, fd, offset, length, isDelta });
      }
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM", "ENOENT", "EBADMSG")) return undefined;
    throw error;
  }
  await secondary.end(id, size, new ContentDigest().digest());
  return { bytes };
}
