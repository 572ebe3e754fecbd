import { Fifo } from "../tree/fifo.ts";

type Task = (finished: () => void) => void;

/** Tasks that follow one another, by key: a task of one key starts when the one before it has called its `finished`. */
export class Sequences<K> {
  readonly #queues = new Map<K, Fifo<Task>>();

  /** Starts the task, at once if nothing of its key is under way. */
  run(key: K, task: Task): void {
    const queue = this.#queues.get(key);
    if (queue !== undefined) return queue.push(task);
    const fresh = new Fifo<Task>();
    fresh.push(task);
    this.#queues.set(key, fresh);
    this.#work(key, fresh);
  }

  // A loop, not calls within calls: a client may queue any number of tasks that finish at once.
  #work(key: K, queue: Fifo<Task>): void {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      let state: "started" | "waiting" | "finished" = "started";
      task(() => {
        const waited = state === "waiting";
        state = "finished";
        if (waited) this.#work(key, queue);
      });
      if (hasFinished(state)) continue;
      state = "waiting";
      return;
    }
    this.#queues.delete(key);
  }
}

// The compiler does not see that a call may have changed it.
function hasFinished(state: string): boolean {
  return state === "finished";
}
