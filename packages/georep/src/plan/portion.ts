import { mostContents } from "../rpc/fill-messages.ts";
import { maxInline } from "../rpc/messages.ts";

/**
 * How much one plan takes, which ends with the file that reaches it: what both ends work through in some milliseconds, and a socket has room for.
 * So the destination has the next one when it is done with one, and neither end is deaf for long.
 */
export const portion = { names: 128, bytes: mostContents - maxInline } as const;

/** An object whose last change is older than this shows every further one in its ctime, whatever the kernel's clock. */
export const settledAfterNs = 50_000_000n;
