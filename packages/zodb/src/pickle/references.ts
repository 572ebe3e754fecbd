import { damaged } from "./machine.ts";
import { bytesOf, Global, isTuple, PersistentRef, PyList, textOf } from "./values.ts";
import type { PickleValue } from "./values.ts";
import type { Oid } from "../ids/oid.ts";

/**
 * Understands the value that stands for a persistent object.
 *
 * | value | reference |
 * |---|---|
 * | oid, or (oid, class) | strong |
 * | ['w', (oid,)], ['w', (oid, database)], [oid] | weak |
 * | ['n', (database, oid)], ['m', (database, oid, class)] | into another database |
 *
 * @throws ZodbError `EDAMAGED`
 */
export function persistentRef(id: PickleValue, at: number): PersistentRef {
  if (isTuple(id)) return new PersistentRef(oidOf(id[0], at), classOf(id[1]));
  if (id instanceof PyList) return listRef(id.items, at);
  return new PersistentRef(oidOf(id, at));
}

function listRef(items: readonly PickleValue[], at: number): PersistentRef {
  if (items.length === 1) return new PersistentRef(oidOf(items[0], at), undefined, "weak");
  const [kind, args] = [textOf(items[0]), items[1]];
  if (isTuple(args)) {
    if (kind === "w") return new PersistentRef(oidOf(args[0], at), undefined, "weak", textOf(args[1]));
    const database = textOf(args[0]);
    if (database !== undefined && (kind === "n" || kind === "m")) {
      return new PersistentRef(oidOf(args[1], at), classOf(args[2]), "foreign", database);
    }
  }
  throw damaged("unknown kind of reference", at);
}

function classOf(value: PickleValue | undefined): Global | undefined {
  if (value instanceof Global) return value;
  if (!isTuple(value)) return undefined;
  const [module, name] = [textOf(value[0]), textOf(value[1])];
  return module !== undefined && name !== undefined ? new Global(module, name) : undefined;
}

function oidOf(value: PickleValue | undefined, at: number): Oid {
  const b = bytesOf(value);
  if (b?.length !== 8) throw damaged("reference without an oid", at);
  const high = word(b, 0);
  const low = word(b, 4);
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}

// Faster than a DataView for each of the hundreds of references of a tree node.
function word(b: Uint8Array, at: number): number {
  const [b0, b1, b2, b3] = [b[at] ?? 0, b[at + 1] ?? 0, b[at + 2] ?? 0, b[at + 3] ?? 0];
  return ((b0 << 24) | (b1 << 16) | (b2 << 8) | b3) >>> 0;
}
