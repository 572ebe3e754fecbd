import { damaged, op } from "./machine.ts";
import type { InstructionSet, PickleMachine } from "./machine.ts";
import { PyDict, PyList, PyObject } from "./values.ts";
import type { PickleTuple, PickleValue } from "./values.ts";

const EMPTY_TUPLE: PickleTuple = Object.freeze([]);

function pairs(m: PickleMachine, values: PickleValue[]): [PickleValue, PickleValue][] {
  if (values.length % 2 !== 0) throw damaged("key without a value", m.pos);
  const entries: [PickleValue, PickleValue][] = [];
  for (let i = 0; i < values.length; i += 2) entries.push([values[i] as PickleValue, values[i + 1] as PickleValue]);
  return entries;
}

function append(m: PickleMachine, values: readonly PickleValue[]): void {
  const target = m.top();
  const items =
    target instanceof PyList ? target.items : target instanceof PyObject ? (target.items ??= []) : undefined;
  if (items === undefined) throw damaged("append to something that is no list", m.pos);
  for (const value of values) items.push(value);
}

function setItems(m: PickleMachine, added: readonly [PickleValue, PickleValue][]): void {
  const target = m.top();
  const entries =
    target instanceof PyDict ? target.entries : target instanceof PyObject ? (target.entries ??= []) : undefined;
  if (entries === undefined) throw damaged("item set in something that is no dict", m.pos);
  for (const entry of added) entries.push(entry);
}

/** Tuples, lists, dicts, and the marks they are gathered from. */
export const containerInstructions: InstructionSet = {
  [op("(")]: (m) => m.mark(),
  [op("0")]: (m) => m.discardTop(),
  [op("1")]: (m) => void m.popMark(),
  [op("2")]: (m) => m.push(m.top()),
  [op(")")]: (m) => m.push(EMPTY_TUPLE),
  [op("t")]: (m) => m.push(m.popMark()),
  0x85: (m) => m.push(m.popTuple(1)),
  0x86: (m) => m.push(m.popTuple(2)),
  0x87: (m) => m.push(m.popTuple(3)),
  [op("]")]: (m) => m.push(new PyList()),
  [op("l")]: (m) => m.push(new PyList(m.popMark())),
  [op("a")]: (m) => append(m, [m.pop()]),
  [op("e")]: (m) => append(m, m.popMark()),
  [op("}")]: (m) => m.push(new PyDict()),
  [op("d")]: (m) => m.push(new PyDict(pairs(m, m.popMark()))),
  [op("s")]: (m) => setItems(m, pairs(m, [...m.popTuple(2)])),
  [op("u")]: (m) => setItems(m, pairs(m, m.popMark())),
};
