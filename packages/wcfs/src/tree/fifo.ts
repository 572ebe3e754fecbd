/** Beyond so many places that were taken the array is moved together. */
const GAP = 1024;

/** First in, first out, however many there are: taking from an array's front would move all the rest. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The next to be taken. */
  get first(): T | undefined {
    return this.#items[this.#first];
  }

  /** Takes the place of the next to be taken, which must be there. */
  replaceFirst(item: T): void {
    this.#items[this.#first] = item;
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    if (this.#first > GAP && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }
}
