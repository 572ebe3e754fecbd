import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { S_IFDIR } from "../tree/object-state.ts";
import { entryOf, openSessionPlace, wholeFile } from "../testing/session-place.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { ObjectMap } from "./object-map.ts";
import { applyChanges } from "./serve.ts";
import { recover } from "./session.ts";
import { keepUnsure, mayBeOurs, noteSure, unsureSince } from "./unsure.ts";

test("what came into being since the last batch that was in order may be ours, until a session ends in order", () => {
  using map = new ObjectMap(":memory:");
  const before = BigInt(Date.now()) * 1_000_000n;
  expect(mayBeOurs(undefined, before)).toBe(false);
  expect(mayBeOurs(unsureSince(map), 1n)).toBe(true); // nothing is known of when
  noteSure(map);
  const unsure = unsureSince(map);
  const hour = 3_600_000_000_000n;
  expect([before - hour, before, before + hour, 0n].map((birth) => mayBeOurs(unsure, birth))).toEqual([false, true, false, true]); // prettier-ignore
  keepUnsure(map, { from: before - hour, to: before });
  noteSure(map);
  expect(unsureSince(map).from).toBe(before - hour);
  keepUnsure(map, undefined);
  expect(unsureSince(map).from).toBeGreaterThan(before - hour);
});

test("after a batch that was cut off, what is older is still somebody else's", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const at = (name: string) => join(root, name);
  for (const name of ["old", "d-old"]) writeFileSync(at(name), "theirs");
  await sleep(1500); // more than the slack
  const directory = wholeFile("d", "", { mode: S_IFDIR | 0o755, inline: undefined });
  const first = startBatch(session);
  applyChanges(first, { objects: [directory], entries: [entryOf("d", 0)] });
  expect(finishBatch(first)).toEqual([]);

  // As a batch leaves it that is taken back.
  writeFileSync(at("new"), "a half of ours");
  writeFileSync(at("d/new"), "ours");
  renameSync(at("d-old"), at("d/old"));
  session.map.rollback();
  recover(session);
  const again = startBatch(session);
  const files = ["old", "new"].map((name) => wholeFile(name, "of the source"));
  const { failures } = applyChanges(again, {
    objects: files,
    entries: [entryOf("old", 0), entryOf("new", 1), entryOf("d", undefined)],
  });
  expect(failures).toEqual([]);
  expect(finishBatch(again)).toEqual([]);
  for (const name of ["old", "new"]) expect(readFileSync(at(name), "utf8")).toBe("of the source");
  const aside = readdirSync(at(".belay-georep/test/conflicts")).map((name) => name.replace(/^\d+-\d+-/, ""));
  expect(aside).toEqual(["old", "old"]);
});
