/** Tasks that follow one another, by key: a task of one key starts when the one before it has called its `finished`. */
export class Sequences<K> {
  readonly #queues = new Map<K, ((finished: () => void) => void)[]>();

  /** Starts the task, at once if nothing of its key is under way. */
  run(key: K, task: (finished: () => void) => void): void {
    const queue = this.#queues.get(key);
    if (queue !== undefined) return void queue.push(task);
    this.#queues.set(key, []);
    this.#start(key, task);
  }

  #start(key: K, task: (finished: () => void) => void): void {
    task(() => {
      const next = this.#queues.get(key)?.shift();
      if (next === undefined) this.#queues.delete(key);
      else this.#start(key, next);
    });
  }
}
