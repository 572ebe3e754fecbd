import { PersistentRef, PyDict, ROOT_OID, textOf, type Oid, type PickleValue } from "@belay/zodb";
import type { Moment } from "../files/database.ts";

/** The objects that the root object holds under a text key; empty where there is no root object. */
export function rootEntries(moment: Moment): ReadonlyMap<string, Oid> {
  return new Map(entriesOf(rootMapping(moment.record(ROOT_OID)?.state)));
}

/** The mapping inside the state of a root object. */
export function rootMapping(state: PickleValue | undefined): PyDict {
  const data = state instanceof PyDict ? state.get("data") : undefined;
  return data instanceof PyDict ? data : new PyDict();
}

function* entriesOf(mapping: PyDict): Generator<readonly [key: string, oid: Oid]> {
  for (const [key, value] of mapping.entries) {
    const text = textOf(key);
    if (text !== undefined && value instanceof PersistentRef) yield [text, value.oid];
  }
}
