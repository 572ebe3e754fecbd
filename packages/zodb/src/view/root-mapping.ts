import { ZodbError } from "../errors/zodb-error.ts";
import { PyDict, textOf } from "../pickle/values.ts";
import type { PickleValue } from "../pickle/values.ts";
import type { StoredObject } from "./stored-object.ts";

/** The root object's names, or those of any other PersistentMapping. */
export class RootMapping {
  readonly object: StoredObject;

  constructor(object: StoredObject) {
    this.object = object;
  }

  /** In the order they were stored. */
  names(): string[] {
    return this.data().entries.flatMap(([key]) => textOf(key) ?? []);
  }

  get(name: string): PickleValue | undefined {
    return this.data().get(name);
  }

  set(name: string, value: PickleValue): void {
    this.change((data) => data.set(name, value));
  }

  /** @returns whether it was there */
  delete(name: string): boolean {
    if (this.get(name) === undefined) return false;
    this.change((data) => void data.delete(name));
    return true;
  }

  private change(change: (data: PyDict) => void): void {
    const state = this.state();
    const copy = new PyDict(state.entries.map(([key, value]) => [key, value]));
    const data = new PyDict(this.data().entries.map(([key, value]) => [key, value]));
    change(data);
    copy.set("data", data);
    this.object.state = copy;
  }

  private data(): PyDict {
    const data = this.state().get("data");
    if (data instanceof PyDict) return data;
    throw new ZodbError("EDAMAGED", "mapping without data");
  }

  private state(): PyDict {
    const { state, class: cls } = this.object;
    if (state instanceof PyDict) return state;
    throw new ZodbError("EDAMAGED", `a ${cls.name} is no mapping`);
  }
}
