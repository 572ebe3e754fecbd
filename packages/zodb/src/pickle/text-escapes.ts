import { damaged } from "./machine.ts";

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\x07",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/**
 * The bytes of a Python 2 string literal (opcode STRING of protocol 0), quotes included.
 *
 * @param at  where in the pickle, for the message
 * @throws ZodbError `EDAMAGED`
 */
export function decodePythonString(literal: string, at: number): Uint8Array {
  const text = literal.trim();
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || text.at(-1) !== quote) {
    throw damaged("string without quotes", at);
  }
  const inner = text.slice(1, -1);
  const decoded = inner.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[^])/g, (whole, escape: string) => {
    if (escape.length === 3 && escape.startsWith("x")) return String.fromCharCode(parseInt(escape.slice(1), 16));
    if (/^[0-7]/.test(escape)) return String.fromCharCode(parseInt(escape, 8) & 0xff);
    return SIMPLE_ESCAPES[escape] ?? whole;
  });
  return Buffer.from(decoded, "latin1");
}

/** Text of the opcode UNICODE: Latin-1 with `\uXXXX` and `\UXXXXXXXX`. @throws ZodbError `EDAMAGED` */
export function decodeRawUnicode(line: string, at: number): string {
  return line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, short?: string, long?: string) => {
    const code = parseInt(short ?? long ?? "", 16);
    if (code > 0x10ffff) throw damaged("no such character", at);
    return String.fromCodePoint(code);
  });
}
