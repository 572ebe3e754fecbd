import type { Oid, Tid } from "@belay/zodb";

interface Item {
  readonly rev: Tid;
  readonly oid: Oid;
}

/** Objects by the commit that changed them, to be taken newest commit first: a binary heap. */
export class RevisionQueue {
  readonly #heap: Item[] = [];

  push(rev: Tid, oid: Oid): void {
    const heap = this.#heap;
    const item = { rev, oid };
    let i = heap.length;
    while (i > 0) {
      const up = (i - 1) >>> 1;
      const parent = heap[up];
      if (!parent || parent.rev >= rev) break;
      heap[i] = parent;
      i = up;
    }
    heap[i] = item;
  }

  /** Takes all objects of the newest commit. */
  popNewest(): { readonly rev: Tid; readonly oids: readonly Oid[] } | undefined {
    const first = this.#heap[0];
    if (!first) return undefined;
    const oids = new Set<Oid>();
    for (let next: Item | undefined = first; next?.rev === first.rev; next = this.#heap[0]) {
      oids.add(next.oid);
      this.#pop();
    }
    return { rev: first.rev, oids: [...oids] };
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let i = 0;
    for (;;) {
      const down = newerOf(heap, 2 * i + 1, 2 * i + 2);
      const child = heap[down];
      if (!child || child.rev <= last.rev) break;
      heap[i] = child;
      i = down;
    }
    heap[i] = last;
  }
}

function newerOf(heap: readonly Item[], left: number, right: number): number {
  const [a, b] = [heap[left], heap[right]];
  return a && b && b.rev > a.rev ? right : left;
}
