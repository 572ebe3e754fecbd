import { isUtf8 } from "node:buffer";

/** Bytes of which text is expected, in order: valid UTF-8 as text, and what is none byte by byte. Names of files may have any bytes. */
export function* utf8Pieces(bytes: Uint8Array): Generator<string | number> {
  if (isUtf8(bytes)) {
    yield decoder.decode(bytes);
    return;
  }
  for (let at = 0; at < bytes.length;) {
    const character = bytes.subarray(at, at + sequenceLength(bytes[at] ?? 0));
    if (isUtf8(character)) {
      yield decoder.decode(character);
      at += character.length;
    } else yield bytes[at++] ?? 0;
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

// What is no first byte at all counts as one and is then no UTF-8.
function sequenceLength(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}
