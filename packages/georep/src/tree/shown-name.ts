import { utf8Pieces } from "@belay/supervise";

/**
 * A name or path of any bytes for people, on one line: printable UTF-8 as it is, every other byte as `\xNN`, a backslash as `\\`. No two names
 * look the same, and `printf %b` makes the name of it again.
 */
export function shownName(bytes: Uint8Array): string {
  let text = "";
  for (const piece of utf8Pieces(bytes))
    text += typeof piece === "string" ? piece.replace(/\\|[\p{C}\p{Zl}\p{Zp}]/gu, escaped) : hex(piece);
  return text;
}

/** The same in double quotes, within messages. */
export function quotedName(bytes: Uint8Array): string {
  return `"${shownName(bytes).replaceAll('"', '\\"')}"`;
}

const escaped = (character: string): string =>
  character === "\\" ? "\\\\" : [...Buffer.from(character)].map(hex).join("");

const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, "0")}`;
