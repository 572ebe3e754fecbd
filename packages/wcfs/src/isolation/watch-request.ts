import type { Oid, Tid } from "@belay/zodb";
import { goQuoteBytes } from "./quote-bytes.ts";

/** A client asks to see a file as of `at`, or (undefined) no longer to be told of it. */
export interface WatchRequest {
  readonly oid: Oid;
  readonly at: Tid | undefined;
}

const prefix = "watch ";
/** Stands for "no moment": asking for it is asking to stop. */
const nil = (1n << 64n) - 1n;

/**
 * Parses `watch <oid> (@<at> | -)`.
 *
 * @returns the text of the error reply when it is something else
 */
export function parseWatchRequest(message: Buffer): WatchRequest | string {
  if (!message.subarray(0, prefix.length).equals(Buffer.from(prefix))) {
    return `bad watch: not a watch request: ${goQuoteBytes(message)}`;
  }
  const args = message.subarray(prefix.length).toString("latin1").split(" ");
  if (args.length !== 2) return `bad watch: expected 2 arguments, got ${args.length}`;
  const [oidText = "", atText = ""] = args;
  const oid = parseHex16(oidText);
  if (oid === undefined) return "bad watch: invalid oid";
  if (atText === "-") return { oid, at: undefined };
  const at = atText.startsWith("@") ? parseHex16(atText.slice(1)) : undefined;
  if (at === undefined) return "bad watch: invalid at";
  return { oid, at: at === nil ? undefined : at };
}

function parseHex16(text: string): bigint | undefined {
  return /^[0-9a-fA-F]{16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}
