import { expect, test } from "vitest";
import { Fifo } from "./fifo.ts";

test("what comes in first goes out first, however the two take turns", () => {
  const fifo = new Fifo<number>();
  let pushed = 0;
  let taken = 0;
  for (let round = 0; round < 5000; round++) {
    for (let i = 0; i < (round * 7) % 5; i++) fifo.push(pushed++);
    for (let i = 0; i < (round * 3) % 4 && fifo.size > 0; i++) expect(fifo.shift()).toBe(taken++);
    expect(fifo.size).toBe(pushed - taken);
  }
  expect(taken).toBeGreaterThan(2048);
  fifo.replaceFirst(-1);
  expect([fifo.first, fifo.shift()]).toEqual([-1, -1]);
  fifo.clear();
  expect(fifo.shift()).toBeUndefined();
});
