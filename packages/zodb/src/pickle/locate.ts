import { op } from "./machine.ts";

/** Where the raw bytes of an object lie inside its record. */
export interface BytesLocation {
  readonly offset: number;
  readonly length: number;
}

/** What follows an opcode: so many bytes, or so many lines. */
type Operand = { readonly bytes: number } | { readonly lines: number } | { readonly length: 1 | 4 };

const operands: readonly (Operand | undefined)[] = operandTable();

/** The operands of what the pickle of a class can consist of; anything else has the record decoded as a whole. */
function operandTable(): (Operand | undefined)[] {
  const table = new Array<Operand | undefined>(256).fill(undefined);
  const enter = (codes: string, operand: Operand): void => {
    for (const code of codes) table[op(code)] = operand;
  };
  enter("(tN)\x85\x86", { bytes: 0 });
  enter("qh\x80", { bytes: 1 });
  enter("rj", { bytes: 4 });
  enter("pg", { lines: 1 });
  enter("c", { lines: 2 });
  enter("UC", { length: 1 });
  enter("TX", { length: 4 });
  return table;
}

/** Position after the first STOP; undefined: not within the bytes, or something unusual on the way. */
function afterFirstPickle(bytes: Buffer): number | undefined {
  for (let pos = 0; pos < bytes.length;) {
    const code = bytes.readUInt8(pos++);
    if (code === op(".")) return pos;
    const operand = operands[code];
    const end = operand && afterOperand(bytes, pos, operand);
    if (end === undefined) return undefined;
    pos = end;
  }
  return undefined;
}

function afterOperand(bytes: Buffer, pos: number, operand: Operand): number | undefined {
  if ("bytes" in operand) return pos + operand.bytes;
  if ("lines" in operand) return afterLines(bytes, pos, operand.lines);
  if (pos + operand.length > bytes.length) return undefined;
  return pos + operand.length + bytes.readUIntLE(pos, operand.length);
}

function afterLines(bytes: Buffer, pos: number, count: number): number | undefined {
  let end = pos;
  for (let i = 0; i < count; i++) {
    end = bytes.indexOf(10, end) + 1;
    if (end === 0) return undefined;
  }
  return end;
}

/** How many bytes the length of a byte string takes, by its opcode. */
function lengthSize(code: number | undefined): 1 | 4 | undefined {
  if (code === op("C") || code === op("U")) return 1;
  return code === op("B") || code === op("T") ? 4 : undefined;
}

/** A byte string is followed by STOP alone, or by its PUT into the memo (two or five bytes) and STOP. */
const TAILS: ReadonlySet<number> = new Set([1, 3, 6]);

/**
 * Finds the bytes of an object whose state is one byte string (ZBlk0, ZData), so that they can be read from the file
 * directly.
 *
 * @param prefix  the first bytes of the record; 200 are plenty
 * @param recordLength  bytes of the whole record
 * @returns undefined where the record has to be decoded to get at the bytes: older protocols write the bytes of Python 3
 *   as encoded text, protocol 0 a Python literal; a record may be compressed; or the state is something else altogether
 */
export function locateBytesState(prefix: Uint8Array, recordLength: number): BytesLocation | undefined {
  const bytes = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  let pos = afterFirstPickle(bytes);
  if (pos === undefined) return undefined;
  if (bytes[pos] === 0x80) pos += 2;
  const size = lengthSize(bytes[pos]);
  if (size === undefined || pos + 1 + size > bytes.length) return undefined;
  const offset = pos + 1 + size;
  const length = bytes.readUIntLE(pos + 1, size);
  return TAILS.has(recordLength - offset - length) ? { offset, length } : undefined;
}
