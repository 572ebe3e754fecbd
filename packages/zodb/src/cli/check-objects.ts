import { btreeClass } from "../btree/flavour.ts";
import { checkBTree } from "../btree/check.ts";
import { isZodbError } from "../errors/zodb-error.ts";
import { formatOid, ROOT_OID, type Oid } from "../ids/oid.ts";
import { decodeRecord, type DecodedRecord } from "../pickle/record.ts";
import { PersistentRef, PyDict, PyList, PyObject, isTuple, type PickleValue } from "../pickle/values.ts";
import type { Storage } from "../storage.ts";
import { Connection } from "../view/connection.ts";
import { allOids } from "../view/all-oids.ts";

/** What to check beyond the structure of the file. */
export interface ObjectChecks {
  /** References to objects that do not exist. */
  readonly refs: boolean;
  /** Inner consistency of BTrees. */
  readonly btrees: boolean;
}

/**
 * Checks the newest state of all objects. Yields after each, so that it can be followed.
 *
 * @param report  called with each problem
 * @param unchecked  called with each tree that cannot be checked here: of a kind, or with keys, that only Python can order
 */
export function* checkObjects(
  storage: Storage,
  checks: ObjectChecks,
  report: (what: string) => void,
  unchecked: (oid: Oid) => void,
): Generator<Oid> {
  const connection = checks.btrees ? Connection.open(storage) : undefined;
  const nodes = new Set<Oid>();
  const trees: Oid[] = [];
  for (const oid of allOids(storage)) {
    const record = load(storage, oid, report);
    if (record !== undefined) {
      if (checks.refs) reportDangling(storage, oid, record, report);
      if (checks.btrees && !collectTrees(oid, record, trees, nodes)) unchecked(oid);
    }
    yield oid;
  }
  if (connection === undefined) return;
  for (const oid of trees) {
    if (!nodes.has(oid)) checkTree(connection, oid, report, unchecked);
    yield oid;
  }
}

function load(storage: Storage, oid: Oid, report: (what: string) => void): DecodedRecord | undefined {
  try {
    const revision = storage.loadBefore(oid, storage.lastTid() + 1n);
    return revision && decodeRecord(revision.data);
  } catch (error) {
    if (isZodbError(error, "EPOSKEY") && oid !== ROOT_OID) return undefined;
    report(`object ${formatOid(oid)}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function reportDangling(
  storage: Storage,
  oid: Oid,
  { class: cls, state }: DecodedRecord,
  report: (what: string) => void,
): void {
  const seen = new Set<Oid>();
  for (const ref of references(state)) {
    if (ref.kind !== "strong" || seen.has(ref.oid) || exists(storage, ref.oid)) continue;
    seen.add(ref.oid);
    const target = ref.class === undefined ? "" : ` (${ref.class.toString()})`;
    report(
      `object ${formatOid(oid)} (${cls.module}.${cls.name}) refers to ${formatOid(ref.oid)}${target}, which does not exist`,
    );
  }
}

function exists(storage: Storage, oid: Oid): boolean {
  try {
    const before = storage.lastTid() + 1n;
    return (storage.locateBefore?.(oid, before) ?? storage.loadBefore(oid, before)) !== undefined;
  } catch (error) {
    if (isZodbError(error, "EPOSKEY")) return false;
    if (isZodbError(error, "EDAMAGED")) return true; // Told where the object itself is checked.
    throw error;
  }
}

/** All references in a value. */
export function* references(value: PickleValue): Generator<PersistentRef> {
  const waiting: (PickleValue | undefined)[] = [value];
  const seen = new Set<PickleValue>();
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    if (next instanceof PersistentRef) {
      yield next;
      continue;
    }
    seen.add(next);
    for (const part of parts(next)) waiting.push(part);
  }
}

function parts(value: PickleValue & object): readonly (PickleValue | undefined)[] {
  if (isTuple(value)) return value;
  if (value instanceof PyList) return value.items;
  if (value instanceof PyDict) return value.entries.flat();
  if (value instanceof PyObject) {
    return [value.callable, value.args, value.state, ...(value.items ?? []), ...(value.entries ?? []).flat()];
  }
  return [];
}

// Nodes below another one are checked with it.
/** @returns false for a tree of a kind that is not handled */
function collectTrees(oid: Oid, record: DecodedRecord, trees: Oid[], nodes: Set<Oid>): boolean {
  const kind = treeKind(record);
  if (kind !== "tree") return kind !== "other tree";
  trees.push(oid);
  for (const ref of references(isTuple(record.state) ? (record.state[0] ?? null) : null)) {
    if (ref.class?.module === record.class.module) nodes.add(ref.oid);
  }
  return true;
}

function treeKind({ class: cls }: DecodedRecord): "tree" | "bucket" | "other tree" | undefined {
  try {
    return btreeClass(cls)?.kind;
  } catch (error) {
    if (!isZodbError(error, "EUNSUPPORTED")) throw error;
    return /(BTree|TreeSet)(Py)?$/.test(cls.name) ? "other tree" : undefined;
  }
}

function checkTree(
  connection: Connection,
  oid: Oid,
  report: (what: string) => void,
  unchecked: (oid: Oid) => void,
): void {
  try {
    const flavour = btreeClass(connection.get(oid).class)?.flavour;
    if (flavour === undefined) return;
    const tree = connection.btree(oid, flavour);
    for (const problem of checkBTree(tree)) report(`tree ${formatOid(oid)}: ${problem}`);
  } catch (error) {
    if (isZodbError(error, "EUNSUPPORTED")) unchecked(oid);
    else report(`tree ${formatOid(oid)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
