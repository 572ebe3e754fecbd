import fc from "fast-check";
import { ByteString, Global, PersistentRef, PyDict, PyFloat, PyList, PyObject } from "./values.ts";
import type { PickleTuple, PickleValue } from "./values.ts";

/** A value as JSON that tells all kinds apart; the Python scripts of the tests describe theirs the same way. */
export function describe(value: PickleValue | undefined): unknown {
  if (value === undefined || value === null || typeof value === "boolean") return value ?? null;
  if (typeof value === "number" || typeof value === "bigint") return ["int", value.toString()];
  if (typeof value === "string") return ["text", Buffer.from(value, "utf16le").toString("hex")];
  if (value instanceof Uint8Array) return ["bytes", Buffer.from(value).toString("hex")];
  if (value instanceof ByteString) return ["bytestring", Buffer.from(value.bytes).toString("hex")];
  if (value instanceof PyFloat) return ["float", describeFloat(value.value)];
  if (value instanceof Global) return ["global", value.module, value.name];
  if (value instanceof PersistentRef) return ["ref", value.kind, value.oid.toString(), value.class?.toString() ?? null];
  if (value instanceof PyList) return ["list", value.items.map(describe)];
  if (value instanceof PyDict) return ["dict", value.entries.map(([k, v]) => [describe(k), describe(v)])];
  if (value instanceof PyObject) return describeObject(value);
  return ["tuple", value.map(describe)];
}

function describeFloat(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString("hex");
}

function describeObject(object: PyObject): unknown {
  const entries = object.entries?.map(([k, v]) => [describe(k), describe(v)]);
  const parts = [describe(object.callable), describe(object.args), describe(object.state)];
  return ["object", object.construction, ...parts, object.items?.map(describe) ?? null, entries ?? null];
}

/** Python's side of `describe`, for values without objects. */
export const DESCRIBE_PY = `
import json, struct, sys
def describe(v):
    if v is None or v is True or v is False: return v
    if isinstance(v, int): return ["int", str(v)]
    if isinstance(v, str): return ["text", v.encode("utf-16-le", "surrogatepass").hex()]
    if isinstance(v, bytes): return ["bytes", v.hex()]
    if isinstance(v, float): return ["float", struct.pack(">d", v).hex()]
    if isinstance(v, list): return ["list", [describe(i) for i in v]]
    if isinstance(v, dict): return ["dict", [[describe(k), describe(i)] for k, i in v.items()]]
    if isinstance(v, tuple): return ["tuple", [describe(i) for i in v]]
    raise TypeError(repr(v))
`;

const scalars: fc.Arbitrary<PickleValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: 1n << 53n, max: 1n << 300n }),
  fc.bigInt({ min: -(1n << 300n), max: -(1n << 53n) }),
  fc.string({ unit: "binary" }),
  fc.uint8Array({ maxLength: 300 }),
  fc.double({ noNaN: true }).map((value) => new PyFloat(value)),
);

const pythonOnly: fc.Arbitrary<PickleValue> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => new ByteString(bytes)),
  fc.constantFrom(new Global("a.b", "C"), new Global("BTrees.LOBTree", "LOBTree")),
  fc
    .tuple(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.constantFrom("strong" as const, "weak" as const))
    .map(([oid, kind]) => new PersistentRef(oid, kind === "strong" ? new Global("m", "C") : undefined, kind)),
);

/** Values that both sides can hold; with `all` also those only a record can: references, globals, objects. */
export function values(all: boolean): fc.Arbitrary<PickleValue> {
  const leaves = all ? fc.oneof(scalars, pythonOnly) : scalars;
  return fc.letrec<{ value: PickleValue; tuple: PickleTuple }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaves,
      tie("tuple"),
      fc.array(tie("value"), { maxLength: 5 }).map((items) => new PyList(items)),
      fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 5 }).map((entries) => new PyDict(uniqueKeys(entries))),
      ...(all ? [objects(tie("value"))] : []),
    ),
    tuple: fc.array(tie("value"), { maxLength: 5 }),
  })).value;
}

function uniqueKeys(entries: [string, PickleValue][]): [string, PickleValue][] {
  return [...new Map(entries)];
}

function objects(value: fc.Arbitrary<PickleValue>): fc.Arbitrary<PickleValue> {
  return fc
    .tuple(fc.constantFrom("call" as const, "new" as const), fc.array(value, { maxLength: 2 }), fc.option(value))
    .map(
      ([construction, args, state]) => new PyObject(construction, new Global("app", "Thing"), args, state ?? undefined),
    );
}
