import { expect, test } from "vitest";
import { ManualClient, theFile } from "./testing/manual-world.ts";
import type { PinTarget } from "./texts.ts";
import { Watch } from "./watch.ts";

interface Sent {
  readonly blk: number;
  readonly target: PinTarget;
  readonly ack: () => void;
}

function watched(): { watch: Watch; sent: Sent[] } {
  const sent: Sent[] = [];
  const watch = new Watch(theFile, 5n, new ManualClient(10), (blk, target, ack) => sent.push({ blk, target, ack }));
  return { watch, sent };
}

test("a second pin to the same revision shares the first one's ack, and what is pinned is not pinned again", () => {
  const { watch, sent } = watched();
  const done: string[] = [];
  watch.pin(
    1,
    () => 3n,
    () => done.push("first"),
  );
  watch.pin(
    1,
    () => 3n,
    () => done.push("second"),
  );
  watch.pin(
    2,
    () => 4n,
    () => done.push("other"),
  );
  expect(sent.map(({ blk, target }) => [blk, target])).toEqual([
    [1, 3n],
    [2, 4n],
  ]);
  expect(done).toEqual([]);
  sent[0]?.ack();
  expect(done).toEqual(["first", "second"]);
  watch.pin(
    1,
    () => 3n,
    () => done.push("third"),
  );
  watch.pin(
    9,
    () => "head",
    () => done.push("not pinned"),
  );
  expect(done).toEqual(["first", "second", "third", "not pinned"]);
  expect(sent).toHaveLength(2);
});

test("a pin to another revision waits for its turn, and is decided only then", () => {
  const { watch, sent } = watched();
  let target: PinTarget = "head";
  watch.pin(
    1,
    () => 3n,
    () => undefined,
  );
  watch.pin(
    1,
    () => target,
    () => undefined,
  );
  const settled: boolean[] = [];
  watch.whenSettled(1, () => settled.push(watch.isBusy(1)));
  target = 4n;
  sent[0]?.ack();
  expect(sent.map((one) => one.target)).toEqual([3n, 4n]);
  expect(settled).toEqual([]);
  expect(watch.settledPin(1)).toBeUndefined();
  sent[1]?.ack();
  expect(settled).toEqual([false]);
  expect(watch.settledPin(1)).toBe(4n);
});

test("whoever waits for a block hears of it when nothing is queued any more, so none sees head between a pin and the unpin after it", () => {
  const { watch, sent } = watched();
  const log: string[] = [];
  watch.pin(
    1,
    () => 3n,
    () => log.push("pinned"),
  );
  watch.whenSettled(1, () => log.push("settled"));
  watch.pin(
    1,
    () => "head",
    () => log.push("unpinned"),
  );
  sent[0]?.ack();
  expect(log).toEqual(["pinned"]);
  expect(watch.isBusy(1)).toBe(true);
  sent[1]?.ack();
  expect(log).toEqual(["pinned", "unpinned", "settled"]);
  expect(watch.pinned.size).toBe(0);
});

test("after its removal no pin is sent, and nobody waits for ever", () => {
  const { watch, sent } = watched();
  const done: string[] = [];
  watch.pin(
    1,
    () => 3n,
    () => done.push("under way"),
  );
  watch.pin(
    1,
    () => 4n,
    () => done.push("queued"),
  );
  watch.remove();
  watch.pin(
    2,
    () => 4n,
    () => done.push("late"),
  );
  expect(done).toEqual(["late"]);
  sent[0]?.ack();
  expect(done).toEqual(["late", "under way", "queued"]);
  expect(sent).toHaveLength(1);
});
