import { inflateSync } from "node:zlib";
import { ZodbError } from "../errors/zodb-error.ts";
import { PickleMachine } from "./machine.ts";
import { readPickle } from "./reader.ts";
import { Global, isTuple, PersistentRef, textOf } from "./values.ts";
import type { PickleTuple, PickleValue } from "./values.ts";

/** The class of a stored object. */
export interface ClassMeta {
  readonly module: string;
  readonly name: string;
  /** What `__new__` gets; undefined for nearly all classes. */
  readonly args: PickleTuple | undefined;
  /** Set where the class is itself an object of the database; module and name are then empty. */
  readonly persistentClass: PersistentRef | undefined;
}

/** An object as it is stored. */
export interface DecodedRecord {
  readonly class: ClassMeta;
  readonly state: PickleValue;
}

/** What a compressed record may expand to. */
const MAX_INFLATED = 1 << 30;

/**
 * The record as ZODB wrote it: a storage wrapper may have stored it compressed, as `.z` and a zlib stream.
 *
 * @throws ZodbError `EDAMAGED`
 */
export function plainRecord(data: Uint8Array): Uint8Array {
  if (data[0] !== 0x2e || data[1] !== 0x7a) return data;
  try {
    return inflateSync(data.subarray(2), { maxOutputLength: MAX_INFLATED });
  } catch (cause) {
    throw new ZodbError("EDAMAGED", "compressed record cannot be expanded", { cause });
  }
}

/**
 * Reads the two pickles of a record: class and state. They share one memo.
 *
 * @throws ZodbError `EDAMAGED`, `EUNSUPPORTED`
 */
export function decodeRecord(data: Uint8Array): DecodedRecord {
  const machine = new PickleMachine(plainRecord(data));
  const cls = classMeta(readPickle(machine));
  return { class: cls, state: readPickle(machine) };
}

function classMeta(value: PickleValue): ClassMeta {
  const [cls, args] = isTuple(value) ? [value[0], value[1]] : [value, undefined];
  if (args !== undefined && args !== null && !isTuple(args)) throw badClass();
  const meta = { args: args ?? undefined, persistentClass: undefined };
  if (cls instanceof Global) return { module: cls.module, name: cls.name, ...meta };
  if (cls instanceof PersistentRef) return { module: "", name: "", ...meta, persistentClass: cls };
  if (isTuple(cls)) {
    const [module, name] = [textOf(cls[0]), textOf(cls[1])];
    if (module !== undefined && name !== undefined) return { module, name, ...meta };
  }
  throw badClass();
}

function badClass(): ZodbError {
  return new ZodbError("EDAMAGED", "record without a class");
}

const [PROTO, MARK, GLOBAL] = [0x80, 0x28, 0x63];

/**
 * The class of a record from its first bytes, without decoding it.
 *
 * @returns undefined where the class is not simply named at the start: decode the record then
 */
export function sniffClass(data: Uint8Array): Global | undefined {
  const plain = plainRecord(data);
  const bytes = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  let pos = bytes[0] === PROTO ? 2 : 0;
  if (bytes[pos] === MARK) pos++;
  if (bytes[pos] !== GLOBAL) return undefined;
  const moduleEnd = bytes.indexOf(10, pos);
  const nameEnd = moduleEnd < 0 ? -1 : bytes.indexOf(10, moduleEnd + 1);
  if (nameEnd < 0) return undefined;
  return new Global(bytes.toString("latin1", pos + 1, moduleEnd), bytes.toString("latin1", moduleEnd + 1, nameEnd));
}
