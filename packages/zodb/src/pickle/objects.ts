import { damaged, op } from "./machine.ts";
import type { InstructionSet, PickleMachine } from "./machine.ts";
import { persistentRef } from "./references.ts";
import { bytesOf, Global, isTuple, PyDict, PyObject, textOf } from "./values.ts";
import type { PickleTuple, PickleValue } from "./values.ts";

/**
 * The object that calling something would make.
 *
 * A few calls are only the way an older protocol writes a plain value; they become that value. Nothing is ever called.
 */
function reduce(callable: PickleValue, args: PickleTuple): PickleValue {
  if (callable instanceof Global)
    return plainBytes(callable, args) ?? reconstructed(callable, args) ?? called(callable, args);
  return called(callable, args);
}

function called(callable: PickleValue, args: PickleTuple): PyObject {
  return new PyObject("call", callable, args);
}

// Protocols below 3 have no opcode for the bytes of Python 3: they are text with one character for each byte, to be encoded.
function plainBytes(callable: Global, args: PickleTuple): Uint8Array | undefined {
  if (callable.module === "_codecs" && callable.name === "encode" && args.length === 2) {
    const [text, codec] = [textOf(args[0]), textOf(args[1])];
    return text !== undefined && /^latin-?1$/.test(codec ?? "") ? Buffer.from(text, "latin1") : undefined;
  }
  if (isBuiltin(callable, "bytes") && args.length === 0) return new Uint8Array(0);
  if (callable.module === "zodbpickle" && callable.name === "binary" && args.length <= 1) {
    return args.length === 0 ? new Uint8Array(0) : bytesOf(args[0]);
  }
  return undefined;
}

// Protocols below 2 have no NEWOBJ.
function reconstructed(callable: Global, args: PickleTuple): PyObject | undefined {
  if (callable.module !== "copy_reg" && callable.module !== "copyreg") return undefined;
  if (callable.name === "__newobj__" && args.length > 0)
    return new PyObject("new", args[0] as PickleValue, args.slice(1));
  if (callable.name !== "_reconstructor" || args.length !== 3) return undefined;
  const [cls, base, state] = args as [PickleValue, PickleValue, PickleValue];
  const plain = base instanceof Global && isBuiltin(base, "object") && state === null;
  return plain ? new PyObject("new", cls, []) : new PyObject("call", callable, args);
}

function isBuiltin(value: Global, name: string): boolean {
  return (value.module === "builtins" || value.module === "__builtin__") && value.name === name;
}

function popArgs(m: PickleMachine): PickleTuple {
  const args = m.pop();
  // Old extension classes are called with None instead of an empty tuple.
  if (args === null) return [];
  if (!isTuple(args)) throw damaged("arguments that are no tuple", m.pos);
  return args;
}

function reduceTop(m: PickleMachine): void {
  const args = popArgs(m);
  m.push(reduce(m.pop(), args));
}

function newObject(m: PickleMachine): void {
  const args = popArgs(m);
  m.push(new PyObject("new", m.pop(), args));
}

function build(m: PickleMachine): void {
  const state = m.pop();
  const target = m.top();
  if (!(target instanceof PyObject)) throw damaged("state set on a plain value", m.pos);
  // Python updates the attributes with each state: the last one must not hide those before it.
  if (target.state instanceof PyDict && state instanceof PyDict)
    target.state = new PyDict([...target.state.entries, ...state.entries]);
  else target.state = state;
}

function obj(m: PickleMachine): void {
  const [cls, ...args] = m.popMark();
  if (cls === undefined) throw damaged("object without a class", m.pos);
  m.push(called(cls, args));
}

function inst(m: PickleMachine): void {
  const cls = new Global(m.line(), m.line());
  m.push(called(cls, m.popMark()));
}

/** Classes, objects and references. */
export const objectInstructions: InstructionSet = {
  [op("c")]: (m) => m.push(new Global(m.line(), m.line())),
  [op("R")]: reduceTop,
  [op("b")]: build,
  [op("i")]: inst,
  [op("o")]: obj,
  0x81: newObject,
  [op("Q")]: (m) => m.push(persistentRef(m.pop(), m.pos)),
};
