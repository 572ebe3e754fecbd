import { goQuote } from "../launcher/go-quote.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes in double quotes as Go's `%q` prints a string: valid UTF-8 as characters, every other byte as `\xNN`. */
export function goQuoteBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const character = characterAt(bytes, at);
    if (character === undefined) text += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`;
    else text += goQuote(character.text).slice(1, -1);
    at += character?.length ?? 1;
  }
  return `"${text}"`;
}

function characterAt(bytes: Uint8Array, at: number): { text: string; length: number } | undefined {
  const length = sequenceLength(bytes[at] ?? 0);
  try {
    return { text: decoder.decode(bytes.subarray(at, at + length)), length };
  } catch {
    return undefined;
  }
}

// What is no first byte at all counts as one and then fails to decode.
function sequenceLength(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}
