import { expect, test } from "vitest";
import { NotifyQueue } from "./notify-queue.ts";
import type { NotifyRequest } from "./notify-messages.ts";

const pieces = { table: new Float64Array(0), bytes: [] };

function store(id: number): NotifyRequest {
  return { kind: "store", id, node: 5, offset: 0, length: 4096, pieces };
}

function commit(id: number): NotifyRequest {
  return { kind: "commit", id, ranges: [], attributes: [] };
}

function drain(queue: NotifyQueue): number[] {
  const ids: number[] = [];
  for (let next = queue.next(); next !== undefined; next = queue.next()) ids.push(next.id);
  return ids;
}

test("what a commit needs goes before stores, each in its own order", () => {
  const queue = new NotifyQueue();
  for (const request of [
    store(1),
    commit(2),
    store(3),
    { kind: "find-cached", id: 4, ranges: [] } as const,
    commit(5),
  ]) {
    expect(queue.add(request)).toEqual([]);
  }
  expect(queue.size).toBe(5);
  expect(drain(queue)).toEqual([2, 4, 5, 1, 3]);
});

test("quiescing drops the stores that wait and tells which", () => {
  const queue = new NotifyQueue();
  for (const request of [store(1), store(2)]) queue.add(request);
  expect(queue.add({ kind: "quiesce", id: 3 })).toEqual([1, 2]);
  queue.add(store(4));
  expect(drain(queue)).toEqual([3, 4]);
});

test("being told to stop is remembered, and nothing is carried out for it", () => {
  const queue = new NotifyQueue();
  queue.add(store(1));
  queue.add({ kind: "stop" });
  expect(queue.stopped).toBe(true);
  expect(drain(queue)).toEqual([1]);
});
