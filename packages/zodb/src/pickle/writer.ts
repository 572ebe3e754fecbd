import { ZodbError } from "../errors/zodb-error.ts";
import { oidToBytes } from "../ids/oid.ts";
import { ByteSink } from "./byte-sink.ts";
import { op } from "./machine.ts";
import { ByteString, Global, isTuple, PersistentRef, PyDict, PyFloat, PyList, PyObject } from "./values.ts";
import type { PickleTuple, PickleValue } from "./values.ts";
import { writeBytes, writeByteString, writeFloat, writeInteger, writeText } from "./write-scalars.ts";

/** Far deeper than any state; ends a value that contains itself. */
const MAX_DEPTH = 500;

/** How many items a single APPENDS or SETITEMS may cover. */
const BATCH = 1000;

/** Writes pickles of protocol 3. The pickles of one record go through one writer: they share its memo. */
export class PickleWriter {
  readonly out = new ByteSink();
  private readonly globals = new Map<string, number>();
  private depth = 0;

  /** Appends one whole pickle. @throws ZodbError `EUNSUPPORTED` for a value nested too deeply */
  pickle(value: PickleValue): void {
    this.out.byte(0x80);
    this.out.byte(3);
    this.value(value);
    this.out.op(".");
  }

  private value(value: PickleValue): void {
    if (++this.depth > MAX_DEPTH) {
      throw new ZodbError("EUNSUPPORTED", `value nested deeper than ${MAX_DEPTH} levels, or containing itself`);
    }
    if (value === null) this.out.op("N");
    else if (typeof value === "object") this.objectValue(value);
    else if (typeof value === "string") writeText(this.out, value);
    else if (typeof value === "boolean") this.out.byte(value ? 0x88 : 0x89);
    else if (Number.isInteger(value) || typeof value === "bigint") writeInteger(this.out, value);
    else writeFloat(this.out, value);
    this.depth--;
  }

  private objectValue(value: Exclude<PickleValue, null | string | number | bigint | boolean>): void {
    if (isTuple(value)) this.tuple(value);
    else if (value instanceof PersistentRef) this.reference(value);
    else if (value instanceof Uint8Array) writeBytes(this.out, value);
    else if (value instanceof ByteString) writeByteString(this.out, value.bytes);
    else if (value instanceof Global) this.global(value);
    else if (value instanceof PyFloat) writeFloat(this.out, value.value);
    else if (value instanceof PyList) this.list(value);
    else if (value instanceof PyDict) this.dict(value);
    else this.object(value);
  }

  private tuple(items: PickleTuple): void {
    if (items.length > 3) this.out.op("(");
    for (const item of items) this.value(item);
    if (items.length > 3) this.out.op("t");
    else if (items.length === 0) this.out.op(")");
    else this.out.byte(0x84 + items.length);
  }

  private list(list: PyList): void {
    this.out.op("]");
    this.append(list.items);
  }

  private dict(dict: PyDict): void {
    this.out.op("}");
    this.setItems(dict.entries);
  }

  private append(items: readonly PickleValue[]): void {
    for (let from = 0; from < items.length; from += BATCH) {
      this.out.op("(");
      for (const item of items.slice(from, from + BATCH)) this.value(item);
      this.out.op("e");
    }
  }

  private setItems(entries: readonly (readonly [PickleValue, PickleValue])[]): void {
    for (let from = 0; from < entries.length; from += BATCH) {
      this.out.op("(");
      for (const [key, value] of entries.slice(from, from + BATCH)) {
        this.value(key);
        this.value(value);
      }
      this.out.op("u");
    }
  }

  // Nodes full of references name the same class again and again: the memo makes that two bytes.
  private global(value: Global): void {
    const name = `${value.module}\n${value.name}\n`;
    const known = this.globals.get(name);
    if (known !== undefined) {
      this.memo("h", "j", known);
      return;
    }
    this.out.op("c");
    this.out.bytes(Buffer.from(name));
    this.memo("q", "r", this.globals.size);
    this.globals.set(name, this.globals.size);
  }

  private memo(short: string, long: string, index: number): void {
    this.out.op(index < 256 ? short : long);
    if (index < 256) this.out.byte(index);
    else this.out.uint32LE(index);
  }

  private object(object: PyObject): void {
    this.value(object.callable);
    this.tuple(object.args);
    if (object.construction === "new") this.out.byte(0x81);
    else this.out.op("R");
    if (object.items !== undefined) this.append(object.items);
    if (object.entries !== undefined) this.setItems(object.entries);
    if (object.state === undefined) return;
    this.value(object.state);
    this.out.op("b");
  }

  private reference(ref: PersistentRef): void {
    this.value(persistentId(ref));
    this.out.byte(op("Q"));
  }
}

/** The value that stands for a reference, see `persistentRef`. */
function persistentId(ref: PersistentRef): PickleValue {
  const oid = oidToBytes(ref.oid);
  if (ref.kind === "weak") return new PyList(["w", ref.database === undefined ? [oid] : [oid, ref.database]]);
  if (ref.kind === "strong") return ref.class === undefined ? oid : [oid, ref.class];
  const database = ref.database ?? "";
  return ref.class === undefined ? new PyList(["n", [database, oid]]) : new PyList(["m", [database, oid, ref.class]]);
}

/** One pickle of protocol 3. @throws ZodbError `EUNSUPPORTED` for a value nested too deeply */
export function encodePickle(value: PickleValue): Buffer {
  const writer = new PickleWriter();
  writer.pickle(value);
  return writer.out.finish();
}

/**
 * A record: what is stored for one object.
 *
 * @param cls  the class; with constructor arguments as ClassMeta has them
 * @throws ZodbError `EUNSUPPORTED` for a state nested too deeply
 */
export function encodeRecord(
  cls: {
    readonly module: string;
    readonly name: string;
    readonly args?: PickleTuple | undefined;
    readonly persistentClass?: PersistentRef | undefined;
  },
  state: PickleValue,
): Buffer {
  const writer = new PickleWriter();
  const named = cls.persistentClass ?? new Global(cls.module, cls.name);
  writer.pickle(cls.args === undefined ? named : [named, cls.args]);
  writer.pickle(state);
  return writer.out.finish();
}
