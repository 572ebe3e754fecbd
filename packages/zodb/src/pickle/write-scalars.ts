import { ZodbError } from "../errors/zodb-error.ts";
import type { ByteSink } from "./byte-sink.ts";

const MAX_LENGTH = 2 ** 31 - 1;

function length(out: ByteSink, short: string, long: string, bytes: Uint8Array): void {
  if (bytes.length > MAX_LENGTH) throw new ZodbError("EUNSUPPORTED", `byte string of ${bytes.length} bytes`);
  out.op(bytes.length < 256 ? short : long);
  if (bytes.length < 256) out.byte(bytes.length);
  else out.uint32LE(bytes.length);
}

/** Bytes of Python 3; Python 2 reads them as zodbpickle.binary, a kind of str. */
export function writeBytes(out: ByteSink, bytes: Uint8Array): void {
  length(out, "C", "B", bytes);
  out.bytes(bytes);
}

/** A `str` of Python 2, as it was read. */
export function writeByteString(out: ByteSink, bytes: Uint8Array): void {
  length(out, "U", "T", bytes);
  out.bytes(bytes);
}

/** Text, as UTF-8 that also covers lone surrogates. */
export function writeText(out: ByteSink, text: string): void {
  const bytes = text.isWellFormed() ? Buffer.from(text) : encodeSurrogates(text);
  out.op("X");
  out.uint32LE(bytes.length);
  out.bytes(bytes);
}

function encodeSurrogates(text: string): Buffer {
  const encoded = Array.from(text, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0xd800 || code > 0xdfff) return Buffer.from(char);
    return Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]);
  });
  return Buffer.concat(encoded);
}

/** The shortest form of an integer. */
export function writeInteger(out: ByteSink, value: number | bigint): void {
  if (value >= 0 && value < 0x100) {
    out.op("K");
    out.byte(Number(value));
  } else if (value >= 0 && value < 0x10000) {
    out.op("M");
    out.uint16LE(Number(value));
  } else if (value >= -0x8000_0000 && value < 0x8000_0000) {
    out.op("J");
    out.int32LE(Number(value));
  } else {
    writeLong(out, BigInt(value));
  }
}

function writeLong(out: ByteSink, value: bigint): void {
  // One bit more than the magnitude has: the sign.
  const bits = (value < 0n ? ~value : value).toString(2).length + 1;
  const size = Math.ceil(bits / 8);
  const hex = BigInt.asUintN(size * 8, value)
    .toString(16)
    .padStart(size * 2, "0");
  out.byte(size < 256 ? 0x8a : 0x8b);
  if (size < 256) out.byte(size);
  else out.uint32LE(size);
  out.bytes(Buffer.from(hex, "hex").reverse());
}

/** A floating point number. */
export function writeFloat(out: ByteSink, value: number): void {
  out.op("G");
  out.doubleBE(value);
}
