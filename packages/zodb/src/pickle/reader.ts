import { containerInstructions } from "./containers.ts";
import { damaged, op, PickleMachine, unsupported } from "./machine.ts";
import type { Instruction, InstructionSet } from "./machine.ts";
import { numberInstructions } from "./numbers.ts";
import { objectInstructions } from "./objects.ts";
import { stringInstructions } from "./strings.ts";
import type { PickleValue } from "./values.ts";

/** The newest protocol ZODB writes. */
const NEWEST_PROTOCOL = 3;

function protocol(m: PickleMachine): void {
  const version = m.bytes.readUInt8(m.skip(1));
  if (version > NEWEST_PROTOCOL) throw unsupported(`protocol ${version}`, m.pos);
}

function memoIndex(m: PickleMachine): number {
  const text = m.line();
  if (!/^[0-9]{1,10}$/.test(text)) throw damaged("memo index that is no number", m.pos);
  return Number(text);
}

function refuse(what: string): Instruction {
  return (m) => {
    throw unsupported(what, m.pos);
  };
}

/** Constants, the memo, begin and end. */
const controlInstructions: InstructionSet = {
  0x80: protocol,
  [op(".")]: (m) => void (m.running = false),
  [op("N")]: (m) => m.push(null),
  0x88: (m) => m.push(true),
  0x89: (m) => m.push(false),
  [op("q")]: (m) => m.put(m.bytes.readUInt8(m.skip(1))),
  [op("r")]: (m) => m.put(m.bytes.readUInt32LE(m.skip(4))),
  [op("p")]: (m) => m.put(memoIndex(m)),
  [op("h")]: (m) => m.get(m.bytes.readUInt8(m.skip(1))),
  [op("j")]: (m) => m.get(m.bytes.readUInt32LE(m.skip(4))),
  [op("g")]: (m) => m.get(memoIndex(m)),
  [op("P")]: refuse("a persistent id written as text (protocol 0)"),
  0x82: refuse("a registered extension code"),
  0x83: refuse("a registered extension code"),
  0x84: refuse("a registered extension code"),
};

const instructions: readonly Instruction[] = instructionTable();

function instructionTable(): Instruction[] {
  const table = new Array<Instruction>(256).fill((m) => {
    throw damaged(`unknown instruction 0x${m.bytes.readUInt8(m.pos - 1).toString(16)}`, m.pos - 1);
  });
  const sets = [controlInstructions, numberInstructions, stringInstructions, containerInstructions, objectInstructions];
  for (const set of sets) {
    for (const [code, instruction] of Object.entries(set)) table[Number(code)] = instruction;
  }
  // What protocols 4 and 5 added. ZODB writes neither.
  for (let code = 0x8c; code <= 0x98; code++) table[code] = refuse("an instruction of protocol 4 or 5");
  return table;
}

/**
 * Reads one pickle from the machine's position on: its value, with the position after it.
 *
 * @throws ZodbError `EDAMAGED`, or `EUNSUPPORTED` for what only Python can make sense of
 */
export function readPickle(m: PickleMachine): PickleValue {
  const { bytes } = m;
  m.restart();
  while (m.running) {
    const code = bytes[m.pos];
    if (code === undefined) throw damaged("cut off before its end", m.pos);
    m.pos++;
    instructions[code]?.(m);
  }
  return m.pop();
}

/**
 * Reads one pickle of protocol 0 to 3 into plain values. Nothing is imported or executed.
 *
 * Byte strings are views of `data`.
 *
 * @throws ZodbError `EDAMAGED`, or `EUNSUPPORTED` for what only Python can make sense of
 */
export function decodePickle(data: Uint8Array): PickleValue {
  return readPickle(new PickleMachine(data));
}
