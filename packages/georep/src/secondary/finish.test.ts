import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { entryOf, openSessionPlace, wholeFile } from "../testing/session-place.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { applyChanges } from "./serve.ts";
import { recover } from "./session.ts";

test("what could not be made durable is not remembered, and is written again", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const request = { objects: [wholeFile("id", "text")], entries: [entryOf("f", 0)] };
  const batch = startBatch(session);
  expect(applyChanges(batch, request).failures).toEqual([]);
  const unsynced = { ...session, root: -1 };
  expect(() => finishBatch({ ...batch, session: unsynced })).toThrow("EBADF");
  expect(session.map.isBegun).toBe(false);
  expect(session.map.get(Buffer.from("id"))).toBeUndefined();
  const { ino } = statSync(join(root, "f"));

  session.mayHaveLost = unsynced.mayHaveLost;
  recover(session);
  const again = startBatch(session);
  expect(applyChanges(again, request).failures).toEqual([]);
  expect(finishBatch(again)).toEqual([]);
  expect(readFileSync(join(root, "f"), "utf8")).toBe("text");
  expect(statSync(join(root, "f")).ino).not.toBe(ino);
  expect(session.mayHaveLost).toBe(false);
});
