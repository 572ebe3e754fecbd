import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
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

test.each([true, false])(
  "what a batch that was cut off has made, and the source has given up since, is in nobody's way (conflicts set aside: %s)",
  async (setsConflictsAside) => {
    using place = await openSessionPlace({ setsConflictsAside });
    const { root, session } = place;
    const at = (name: string) => join(root, name);
    mkdirSync(at("theirs"));
    await sleep(1500); // more than the slack
    expect(finishBatch(startBatch(session))).toEqual([]);
    const cut = startBatch(session);
    const directory = wholeFile("d", "", { mode: S_IFDIR | 0o755, inline: undefined });
    const inner = { ...directory, id: Buffer.from("inner") };
    const files = [wholeFile("f", "1"), wholeFile("g", "2")];
    const within = (name: string, object: number) => ({ ...entryOf(name, object), parent: directory.id });
    const made = { objects: [directory, inner, ...files], entries: [entryOf("d", 0), within("inner", 1), within("f", 2), entryOf("g", 3)] }; // prettier-ignore
    expect(applyChanges(cut, made).failures).toEqual([]);
    if (setsConflictsAside) renameSync(at("theirs"), at("d/inner/theirs"));
    session.map.rollback();
    recover(session);

    const again = startBatch(session);
    const other = { objects: [wholeFile("other", "3")], entries: [entryOf("d", 0), entryOf("g", undefined)] };
    expect(applyChanges(again, other).failures).toEqual([]);
    expect(finishBatch(again)).toEqual([]);
    expect(readFileSync(at("d"), "utf8")).toBe("3");
    expect(readdirSync(root).filter((name) => name !== "theirs")).toEqual([".belay-georep", "d"]);
    const aside = readdirSync(at(".belay-georep/test/conflicts")).map((name) => name.replace(/^\d+-\d+-/, ""));
    expect(aside).toEqual(setsConflictsAside ? ["theirs"] : []);
    expect(place.held()).toEqual([]);
  },
);
