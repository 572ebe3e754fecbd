import type { Oid } from "../ids/oid.ts";
import type { Tid } from "../ids/tid.ts";
import { Z64 } from "../ids/tid.ts";
import type { ClassMeta } from "../pickle/record.ts";
import { Global, PersistentRef } from "../pickle/values.ts";
import type { PickleValue } from "../pickle/values.ts";
import { encodeRecord } from "../pickle/writer.ts";
import type { View } from "./view.ts";

/** What an object needs of the connection it belongs to. */
export interface ObjectHome {
  view(): View;
  changed(object: StoredObject): void;
}

/** What is to be stored for one object. */
export interface PendingStore {
  readonly oid: Oid;
  /** The revision it is based on; 0n: a new object. */
  readonly serial: Tid;
  /** undefined: the object is deleted. */
  readonly data: Uint8Array | undefined;
  /** Joins the change with one committed meanwhile; undefined where, or absent if, that cannot be done. */
  readonly merge?: (old: Uint8Array, committed: Uint8Array) => Uint8Array | undefined;
}

interface Content {
  readonly class: ClassMeta;
  readonly serial: Tid;
  readonly state: PickleValue;
}

/** An object of a connection, by its state. */
export class StoredObject {
  readonly oid: Oid;
  private readonly home: ObjectHome;
  private content: Content | undefined;

  /** @param content  given for a new object */
  constructor(home: ObjectHome, oid: Oid, content?: { readonly class: ClassMeta; readonly state: PickleValue }) {
    this.home = home;
    this.oid = oid;
    this.content = content && { ...content, serial: Z64 };
  }

  /** @throws ZodbError `EPOSKEY` where there is no such object at the connection's moment; so do class and state */
  get serial(): Tid {
    return this.loaded().serial;
  }

  get class(): ClassMeta {
    return this.loaded().class;
  }

  /** Shared with other views unless it has been set: not to be changed in place. */
  get state(): PickleValue {
    return this.loaded().state;
  }

  /** Takes effect for others when the connection commits. */
  set state(state: PickleValue) {
    this.content = { ...this.loaded(), state };
    this.home.changed(this);
  }

  /** A reference to the object, to be put into the state of others. */
  get ref(): PersistentRef {
    const { module, name } = this.class;
    return new PersistentRef(this.oid, new Global(module, name));
  }

  /** Forgets the state: the next use loads it again. */
  forget(): void {
    this.content = undefined;
  }

  /** What is to be stored. @throws ZodbError `EUNSUPPORTED` for a state that cannot be written */
  pending(): PendingStore {
    const { class: cls, serial, state } = this.loaded();
    return { oid: this.oid, serial, data: encodeRecord(cls, state) };
  }

  private loaded(): Content {
    if (this.content !== undefined) return this.content;
    const { serial, record } = this.home.view().get(this.oid);
    return (this.content = { serial, ...record });
  }
}
