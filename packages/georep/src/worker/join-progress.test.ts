import { expect, test } from "vitest";

import { joinProgress, type BatchOutcome } from "./join-progress.ts";

const id = (text: string) => Buffer.from(text);
const nothing: BatchOutcome = { crawl: [], fresh: [], filled: [], failures: [], entries: 0, bytes: 0 };

test("of two cursors the later one is kept, and everything else of both", () => {
  const [first, second] = [{ segment: 1, offset: 8 }, { segment: 1, offset: 90 }]; // prettier-ignore
  const item = { seq: 4, directory: id("d"), isFresh: false };
  const joined = joinProgress(
    [{ cursor: first, crawl: [id("a")] }, { cursor: second }, { crawled: [item], below: [id("b")] }],
    { ...nothing, crawl: [id("c")] },
  );
  expect(joined.cursor).toEqual(second);
  expect(joined.crawled).toEqual([item]);
  expect(joined.crawl?.map(String).sort()).toEqual(["a", "b", "c"]);
});

test("a directory that was filled or is to be filled is not compared for being in one that was, but is when something else asks for it", () => {
  const outcome = { ...nothing, filled: [id("filled")], fresh: [id("fresh")] };
  const below = [id("filled"), id("fresh"), id("other")];
  const joined = joinProgress([{ below }], outcome);
  expect(joined.crawl?.map(String)).toEqual(["other"]);
  expect(joined.fresh?.map(String)).toEqual(["fresh"]);
  const asked = joinProgress([{ below, crawl: [id("filled"), id("fresh")] }], outcome);
  expect(asked.crawl?.map(String).sort()).toEqual(["filled", "fresh", "other"]);
});
