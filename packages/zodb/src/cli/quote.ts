import { utf8Pieces } from "@belay/supervise";

/**
 * Text of any bytes between double quotes: printable UTF-8 stays, all else is escaped (`\n`, `\"`, `\x80`), so that the same bytes always
 * give the same line and come back exactly.
 */
export function quote(bytes: Uint8Array): string {
  let out = '"';
  for (const piece of utf8Pieces(bytes)) {
    out += typeof piece === "string" ? quoteText(piece) : `\\x${piece.toString(16).padStart(2, "0")}`;
  }
  return `${out}"`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\" };

function quoteText(text: string): string {
  return text.replace(/["\\]|[\p{C}\p{Zl}\p{Zp}]/gu, (c) => ESCAPES[c] ?? escapeBytes(c));
}

function escapeBytes(text: string): string {
  return [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
