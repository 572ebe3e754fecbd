import { utf8Pieces } from "@belay/supervise";
import { goQuote } from "../launcher/go-quote.ts";

/** Bytes in double quotes as Go's `%q` prints a string: valid UTF-8 as characters, every other byte as `\xNN`. */
export function goQuoteBytes(bytes: Uint8Array): string {
  let text = "";
  for (const piece of utf8Pieces(bytes))
    text += typeof piece === "string" ? goQuote(piece).slice(1, -1) : `\\x${piece.toString(16).padStart(2, "0")}`;
  return `"${text}"`;
}
