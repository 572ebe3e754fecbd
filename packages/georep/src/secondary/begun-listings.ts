/** Most large directories whose names are kept; those of a worker that goes beyond are read again for each portion. */
const mostBegun = 16;

/** Names of large directories that are told in portions, in order, so that they need not be read for each portion. */
export class BegunListings {
  readonly #names = new Map<string, readonly string[]>();

  /**
   * The names of a directory, in the order of their bytes. They are not kept any longer.
   *
   * @param after  where the portion begins; empty: the listing begins, and they are read anew
   */
  take(key: string, after: string, read: () => string[]): readonly string[] {
    const begun = after === "" ? undefined : this.#names.get(key);
    this.#names.delete(key);
    return begun ?? read().sort(); // strings of bytes: in their order
  }

  /** There is more to tell of them. */
  keep(key: string, names: readonly string[]): void {
    if (this.#names.size >= mostBegun) this.#names.clear();
    this.#names.set(key, names);
  }
}
