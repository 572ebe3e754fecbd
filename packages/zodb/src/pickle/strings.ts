import { isUtf8 } from "node:buffer";
import { decodePythonString, decodeRawUnicode } from "./text-escapes.ts";
import { damaged, op } from "./machine.ts";
import type { InstructionSet, PickleMachine } from "./machine.ts";
import { ByteString } from "./values.ts";

/**
 * UTF-8 as Python pickles it: also of lone surrogates, which stand for undecodable bytes of file names.
 */
export function decodeText(m: PickleMachine, length: number): string {
  const start = m.skip(length);
  const text = m.bytes.toString("utf8", start, start + length);
  if (!text.includes("\ufffd")) return text;
  const bytes = m.bytes.subarray(start, start + length);
  return isUtf8(bytes) ? text : decodeSurrogates(bytes, start);
}

function decodeSurrogates(bytes: Buffer, at: number): string {
  const parts: string[] = [];
  let from = 0;
  for (let i = bytes.indexOf(0xed); i >= 0; i = bytes.indexOf(0xed, i + 1)) {
    const [second, third] = [bytes[i + 1] ?? 0, bytes[i + 2] ?? 0];
    if (second < 0xa0 || second > 0xbf || third < 0x80 || third > 0xbf) continue;
    parts.push(
      soundUtf8(bytes.subarray(from, i), at),
      String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f)),
    );
    from = i + 3;
  }
  return parts.join("") + soundUtf8(bytes.subarray(from), at);
}

function soundUtf8(bytes: Buffer, at: number): string {
  if (!isUtf8(bytes)) throw damaged("text that is not UTF-8", at);
  return bytes.toString();
}

const byte = (m: PickleMachine): number => m.bytes.readUInt8(m.skip(1));
const word = (m: PickleMachine): number => m.bytes.readUInt32LE(m.skip(4));

/** Strings of bytes and of text. The length of BINSTRING is signed; a negative one is simply too long. */
export const stringInstructions: InstructionSet = {
  [op("C")]: (m) => m.push(m.take(byte(m))),
  [op("B")]: (m) => m.push(m.take(word(m))),
  [op("U")]: (m) => m.push(new ByteString(m.take(byte(m)))),
  [op("T")]: (m) => m.push(new ByteString(m.take(word(m)))),
  [op("S")]: (m) => m.push(new ByteString(decodePythonString(m.line(), m.pos))),
  [op("X")]: (m) => m.push(decodeText(m, word(m))),
  [op("V")]: (m) => m.push(decodeRawUnicode(m.line(), m.pos)),
};
