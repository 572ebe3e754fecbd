import { damaged, op } from "./machine.ts";
import type { InstructionSet, PickleMachine } from "./machine.ts";
import { PyFloat } from "./values.ts";

/** Beyond this no application number goes; converting digits takes time that grows with the square of their count. */
const MAX_INTEGER_BYTES = 4096;

/** A number where it is exact, else a bigint. */
export function normalInteger(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

function twosComplement(m: PickleMachine, length: number): number | bigint {
  if (length > MAX_INTEGER_BYTES) throw damaged(`integer of ${length} bytes`, m.pos);
  const start = m.skip(length);
  if (length === 0) return 0;
  if (length <= 6) return m.bytes.readIntLE(start, length);
  const hex = Buffer.from(m.bytes.subarray(start, start + length))
    .reverse()
    .toString("hex");
  return normalInteger(BigInt.asIntN(length * 8, BigInt(`0x${hex}`)));
}

function decimal(m: PickleMachine, digits: string): number | bigint {
  if (digits.length > MAX_INTEGER_BYTES || !/^[+-]?[0-9]+$/.test(digits)) throw damaged("not an integer", m.pos);
  // BigInt takes a minus sign but no plus.
  return normalInteger(BigInt(digits.replace(/^\+/, "")));
}

function intLine(m: PickleMachine): number | bigint | boolean {
  const text = m.line();
  // Protocols 0 and 1 have no opcode for booleans.
  if (text === "00") return false;
  return text === "01" ? true : decimal(m, text);
}

function floatLine(m: PickleMachine): PyFloat {
  const text = m.line().trim();
  const special = /^([+-]?)(nan|inf)$/i.exec(text);
  if (special !== null) {
    return new PyFloat(special[2]?.toLowerCase() === "nan" ? NaN : special[1] === "-" ? -Infinity : Infinity);
  }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw damaged("not a number", m.pos);
  return new PyFloat(Number(text));
}

/** INT, LONG, FLOAT and their binary forms. */
export const numberInstructions: InstructionSet = {
  [op("I")]: (m) => m.push(intLine(m)),
  [op("L")]: (m) => m.push(decimal(m, m.line().replace(/L$/, ""))),
  [op("F")]: (m) => m.push(floatLine(m)),
  [op("K")]: (m) => m.push(m.bytes.readUInt8(m.skip(1))),
  [op("M")]: (m) => m.push(m.bytes.readUInt16LE(m.skip(2))),
  [op("J")]: (m) => m.push(m.bytes.readInt32LE(m.skip(4))),
  [op("G")]: (m) => m.push(new PyFloat(m.bytes.readDoubleBE(m.skip(8)))),
  0x8a: (m) => m.push(twosComplement(m, m.bytes.readUInt8(m.skip(1)))),
  0x8b: (m) => m.push(twosComplement(m, m.bytes.readUInt32LE(m.skip(4)))),
};
