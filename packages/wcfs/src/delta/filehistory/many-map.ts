/** A map with any number of values for a key; a key with one value, as nearly all have here, costs no set of its own. */
export class ManyMap<K, V extends object> {
  readonly #values = new Map<K, V | Set<V>>();

  add(key: K, value: V): void {
    const known = this.#values.get(key);
    if (known === undefined) this.#values.set(key, value);
    else if (known instanceof Set) known.add(value);
    else if (known !== value) this.#values.set(key, new Set([known, value]));
  }

  delete(key: K, value: V): void {
    const known = this.#values.get(key);
    if (known === value) this.#values.delete(key);
    if (!(known instanceof Set)) return;
    known.delete(value);
    if (known.size === 0) this.#values.delete(key);
  }

  get(key: K): Iterable<V> {
    const known = this.#values.get(key);
    if (known === undefined) return [];
    return known instanceof Set ? known : [known];
  }
}
