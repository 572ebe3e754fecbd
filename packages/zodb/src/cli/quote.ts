/**
 * Text of any bytes between double quotes: printable UTF-8 stays, all else is escaped (`\n`, `\"`, `\x80`), so that the same bytes always
 * give the same line and come back exactly.
 */
export function quote(bytes: Uint8Array): string {
  let out = '"';
  for (const piece of pieces(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))) {
    out += typeof piece === "string" ? quoteText(piece) : `\\x${piece.toString(16).padStart(2, "0")}`;
  }
  return `${out}"`;
}

// Characters of valid UTF-8, and single bytes of what is none.
function* pieces(bytes: Buffer): Generator<string | number> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes[at] ?? 0);
    try {
      yield decoder.decode(bytes.subarray(at, at + length));
      at += length;
    } catch {
      yield bytes[at] ?? 0;
      at++;
    }
  }
}

function sequenceLength(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\" };

function quoteText(text: string): string {
  return text.replace(/["\\]|[\p{C}\p{Zl}\p{Zp}]/gu, (c) => ESCAPES[c] ?? escapeBytes(c));
}

function escapeBytes(text: string): string {
  return [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
