import { ErrnoError, errno } from "@belay/linux";

/** Open files or directories, by the number the kernel gives back with each request. Numbers are not used twice. */
export class HandleTable<T> {
  readonly #handles = new Map<number, T>();
  #last = 0;

  /** How many are open. */
  get size(): number {
    return this.#handles.size;
  }

  add(value: T): number {
    this.#handles.set(++this.#last, value);
    return this.#last;
  }

  /** @throws ErrnoError `EBADF` */
  get(handle: number): T {
    const value = this.#handles.get(handle);
    if (value === undefined) throw new ErrnoError(errno.EBADF, "handle");
    return value;
  }

  /** Gets the value and forgets it. @throws ErrnoError `EBADF` */
  take(handle: number): T {
    const value = this.get(handle);
    this.#handles.delete(handle);
    return value;
  }
}
