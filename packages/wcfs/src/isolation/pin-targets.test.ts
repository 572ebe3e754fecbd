import { expect, test } from "vitest";
import { PinTargets } from "./pin-targets.ts";
import { ListedHistory, ManualClient, theFile } from "./testing/manual-world.ts";
import { Watch } from "./watch.ts";

function world(...ats: readonly bigint[]): { history: ListedHistory; watches: Watch[]; targets: PinTargets } {
  const history = new ListedHistory();
  const watches = ats.map((at) => new Watch(theFile, at, new ManualClient(10), (_blk, _target, ack) => ack()));
  return { history, watches, targets: new PinTargets(history, () => watches) };
}

test("what has not changed since the watch's moment is head, everything else the revision it had then", () => {
  const { history, watches, targets } = world(102n);
  const [watch] = watches as [Watch];
  history.commit(1);
  history.commit(2);
  history.commit(2);
  expect([1, 2, 3].map((blk) => targets.target(watch, blk))).toEqual(["head", 102n, "head"]);
  watch.at = 100n;
  expect([1, 2, 3].map((blk) => targets.target(watch, blk))).toEqual([100n, 100n, "head"]);
});

test("of revisions before the known history clients share one, though the tail moves", () => {
  const { history, watches, targets } = world(104n, 104n);
  const [early, late] = watches as [Watch, Watch];
  for (let i = 0; i < 5; i++) history.commit(i === 4 ? 1 : 7);
  early.pin(
    1,
    () => targets.revision(early, 1),
    () => undefined,
  );
  expect(early.pinned.get(1)).toBe(100n);
  history.tail = 103n;
  expect(targets.revision(late, 1)).toBe(100n);
  expect(targets.revision(early, 1)).toBe(100n);
  early.remove();
  expect(targets.revision(late, 1)).toBe(103n);
});

test("a pin that is not settled is not shared: it may be from before its watch moved", () => {
  const { history, targets, watches } = world(104n);
  const [watch] = watches as [Watch];
  for (let i = 0; i < 5; i++) history.commit(i === 4 ? 1 : 7);
  const slow = new Watch(theFile, 104n, new ManualClient(10), () => undefined);
  watches.push(slow);
  slow.pin(
    1,
    () => 100n,
    () => undefined,
  );
  history.tail = 103n;
  expect(targets.revision(watch, 1)).toBe(103n);
});

test("when the history cannot be asked the block counts as changed, and the watch's own moment is right", () => {
  const { history, watches, targets } = world(101n);
  const [watch] = watches as [Watch];
  history.commit(7);
  history.commit(7);
  history.failure = new Error("disk");
  expect(targets.target(watch, 1)).toBe(101n);
});
