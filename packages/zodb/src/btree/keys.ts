import { ZodbError } from "../errors/zodb-error.ts";
import { ByteString, isTuple, PyFloat } from "../pickle/values.ts";
import type { PickleTuple, PickleValue } from "../pickle/values.ts";

/** How the keys of one kind of tree are represented, ordered and stored. */
export interface KeyCodec<K> {
  /** @throws ZodbError `EDAMAGED` for a value that is no key of this kind */
  decode(value: PickleValue): K;
  encode(key: K): PickleValue;
  /** Negative, zero or positive, as Python orders the keys. */
  compare(a: K, b: K): number;
}

function badKey(value: PickleValue, expected: string): ZodbError {
  const shown = typeof value === "number" || typeof value === "bigint" ? value.toString() : typeof value;
  return new ZodbError("EDAMAGED", `BTree key ${shown} is no ${expected}`);
}

const INT32 = 2 ** 31;

/** Keys of I trees. */
export const int32Keys: KeyCodec<number> = {
  decode(value) {
    if (typeof value === "number" && value >= -INT32 && value < INT32) return value;
    throw badKey(value, "32-bit integer");
  },
  encode: (key) => key,
  compare: (a, b) => a - b,
};

/** Keys of U trees. */
export const uint32Keys: KeyCodec<number> = {
  decode(value) {
    if (typeof value === "number" && value >= 0 && value < 2 * INT32) return value;
    throw badKey(value, "unsigned 32-bit integer");
  },
  encode: (key) => key,
  compare: (a, b) => a - b,
};

const INT64 = 1n << 63n;

/** Keys of L trees, in full. */
export const int64Keys: KeyCodec<bigint> = {
  decode(value) {
    if (typeof value === "number") return BigInt(value);
    if (typeof value === "bigint" && value >= -INT64 && value < INT64) return value;
    throw badKey(value, "64-bit integer");
  },
  encode: (key) =>
    key >= BigInt(Number.MIN_SAFE_INTEGER) && key <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(key) : key,
  compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
};

/** Keys of Q trees. */
export const uint64Keys: KeyCodec<bigint> = {
  decode(value) {
    const key = typeof value === "number" ? BigInt(value) : value;
    if (typeof key === "bigint" && key >= 0n && key < 2n * INT64) return key;
    throw badKey(value, "unsigned 64-bit integer");
  },
  encode: (key) => int64Keys.encode(key),
  compare: (a, b) => int64Keys.compare(a, b),
};

/** Keys of L trees that count blocks of a file: a key that is no safe integer is refused, such a file could not be addressed. */
export const blockKeys: KeyCodec<number> = {
  decode(value) {
    if (typeof value === "number") return value;
    throw badKey(value, "block number");
  },
  encode: (key) => key,
  compare: (a, b) => a - b,
};

/** Keys of O trees: None, numbers, text, bytes, and tuples of these. */
export type ObjectKey = PickleValue;

/** Keys of O trees. Text orders by code point, as in Python; a `str` of Python 2 equals the text or the bytes it could be. */
export const objectKeys: KeyCodec<ObjectKey> = {
  decode: checkedObjectKey,
  encode: (key) => key,
  compare: compareObjectKeys,
};

function checkedObjectKey(value: PickleValue): ObjectKey {
  if (isTuple(value)) value.forEach(checkedObjectKey);
  else rank(value);
  return value;
}

// None sorts below everything. The order between the other kinds is arbitrary: Python 3 refuses to mix them.
function rank(key: PickleValue): 0 | 1 | 2 | 3 {
  if (key === null) return 0;
  if (typeof key === "number" || typeof key === "bigint" || typeof key === "boolean" || key instanceof PyFloat)
    return 1;
  if (typeof key === "string" || key instanceof Uint8Array || key instanceof ByteString) return 2;
  if (isTuple(key)) return 3;
  throw new ZodbError("EUNSUPPORTED", `BTree with keys of the kind ${key.constructor.name}`, {
    hint: "only None, numbers, strings, bytes and tuples of these can be ordered outside Python",
  });
}

function compareObjectKeys(a: ObjectKey, b: ObjectKey): number {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  const [ra, rb] = [rank(a), rank(b)];
  if (ra !== rb) return ra - rb;
  if (ra === 0) return 0;
  if (ra === 1) return compareNumbers(numberOf(a), numberOf(b));
  if (ra === 2) return Buffer.compare(utf8(a as string), utf8(b as string));
  return compareTuples(a as PickleTuple, b as PickleTuple);
}

function numberOf(key: ObjectKey): number | bigint {
  return key instanceof PyFloat ? key.value : (key as number | bigint);
}

// Booleans count as 0 and 1, as in Python.
function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function utf8(key: string | Uint8Array | ByteString): Uint8Array {
  if (typeof key === "string") return Buffer.from(key);
  return key instanceof ByteString ? key.bytes : key;
}

// UTF-16 units order like code points, except that surrogates lie below U+E000 to U+FFFF.
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  if (i === length) return a.length - b.length;
  return codePointOrder(a.charCodeAt(i)) - codePointOrder(b.charCodeAt(i));
}

function codePointOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x10000 : unit;
}

function compareTuples(a: PickleTuple, b: PickleTuple): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareObjectKeys(a[i] as PickleValue, b[i] as PickleValue);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Where a key is in ascending keys, or the complement (`~index`) of where it would be inserted. */
export function searchKeys<K>(codec: KeyCodec<K>, keys: readonly K[], key: K): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = codec.compare(keys[middle] as K, key);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return ~low;
}

/** Index of the child that a key belongs to: child i holds separators[i-1] <= key < separators[i]. */
export function childIndex<K>(codec: KeyCodec<K>, separators: readonly K[], key: K): number {
  const found = searchKeys(codec, separators, key);
  return found >= 0 ? found + 1 : ~found;
}
