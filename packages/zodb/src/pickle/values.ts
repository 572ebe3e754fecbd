import type { Oid } from "../ids/oid.ts";

/**
 * What a pickle holds, as plain values.
 *
 * | Python | here |
 * |---|---|
 * | None, bool | null, boolean |
 * | int, long | number, or bigint where a number would not be exact |
 * | float | PyFloat (a number could not tell 1.0 from 1) |
 * | str (Python 3), unicode (Python 2) | string |
 * | bytes (Python 3), zodbpickle.binary | Uint8Array, a view of the record |
 * | str (Python 2) | ByteString: text or bytes, only the application knows |
 * | tuple | array |
 * | list, dict | PyList, PyDict |
 * | class, function | Global |
 * | any other object | PyObject |
 * | persistent object | PersistentRef |
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | ByteString
  | PyFloat
  | PyList
  | PyDict
  | Global
  | PyObject
  | PersistentRef
  | PickleTuple;

/** A tuple: by far the most frequent container of ZODB states, so it gets the plain array. */
export interface PickleTuple extends ReadonlyArray<PickleValue> {
  readonly [index: number]: PickleValue;
}

/** A class or function by its name. Never imported, called or otherwise brought to life. */
export class Global {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  toString(): string {
    return `${this.module}.${this.name}`;
  }
}

/** A `str` of Python 2: bytes that may be meant as text. */
export class ByteString {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  static of(text: string): ByteString {
    return new ByteString(Buffer.from(text));
  }

  /** The bytes read as UTF-8. */
  toString(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength).toString();
  }
}

/** A floating point number, also where its value is whole. */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A list. */
export class PyList {
  readonly items: PickleValue[];

  constructor(items: PickleValue[] = []) {
    this.items = items;
  }
}

/** A dict, in the order its items were stored. Keys may be anything, and the same text may be a string or a ByteString. */
export class PyDict {
  readonly entries: [key: PickleValue, value: PickleValue][];

  constructor(entries: [key: PickleValue, value: PickleValue][] = []) {
    this.entries = entries;
  }

  static of(fields: Readonly<Record<string, PickleValue>>): PyDict {
    return new PyDict(Object.entries(fields));
  }

  /** The value under a text key, whether Python 2 or Python 3 wrote it. */
  get(key: string): PickleValue | undefined {
    return this.entries.findLast(([k]) => textOf(k) === key)?.[1];
  }

  /** Replaces the value under a text key, or adds one. */
  set(key: string, value: PickleValue): void {
    const entry = this.entries.findLast(([k]) => textOf(k) === key);
    if (entry === undefined) this.entries.push([key, value]);
    else entry[1] = value;
  }

  /** @returns false: there was none */
  delete(key: string): boolean {
    const kept = this.entries.filter(([k]) => textOf(k) !== key);
    if (kept.length === this.entries.length) return false;
    this.entries.splice(0, this.entries.length, ...kept);
    return true;
  }
}

/** How Python would make an object: `class(*args)` or `class.__new__(class, *args)`. */
export type Construction = "call" | "new";

/** An object of a class that means nothing here: what would be called with what, and what would be set afterwards. */
export class PyObject {
  readonly construction: Construction;
  /** A Global, or an object that stands for a class. */
  readonly callable: PickleValue;
  readonly args: PickleTuple;
  /** What `__setstate__` would get; undefined: it would not be called. */
  state: PickleValue | undefined;
  /** What would be appended to it (subclasses of list). */
  items: PickleValue[] | undefined;
  /** What would be set in it (subclasses of dict). */
  entries: [key: PickleValue, value: PickleValue][] | undefined;

  constructor(construction: Construction, callable: PickleValue, args: PickleTuple, state?: PickleValue) {
    this.construction = construction;
    this.callable = callable;
    this.args = args;
    this.state = state;
  }
}

/**
 * A reference to an object with a record of its own.
 *
 * `foreign` references lead into another database of a multi-database; a weak one does too when it has a database.
 */
export class PersistentRef {
  readonly oid: Oid;
  /** The target's class as it was when the reference was written; its own record wins. */
  readonly class: Global | undefined;
  readonly kind: "strong" | "weak" | "foreign";
  readonly database: string | undefined;

  constructor(oid: Oid, cls?: Global, kind: "strong" | "weak" | "foreign" = "strong", database?: string) {
    this.oid = oid;
    this.class = cls;
    this.kind = kind;
    this.database = database;
  }
}

/** The text of a string or of a ByteString; undefined for anything else. */
export function textOf(value: PickleValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof ByteString ? value.toString() : undefined;
}

/** The bytes of a byte string of either Python; undefined for anything else, text of Python 3 among it. */
export function bytesOf(value: PickleValue | undefined): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  return value instanceof ByteString ? value.bytes : undefined;
}

/** Whether a value is a tuple. */
export function isTuple(value: PickleValue | undefined): value is PickleTuple {
  return Array.isArray(value);
}
