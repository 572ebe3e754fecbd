import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { silentLogger } from "@belay/supervise";
import { expect, test } from "vitest";

import { S_IFDIR } from "../tree/object-state.ts";
import { entryOf, openSessionPlace, rootId, wholeFile } from "../testing/session-place.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { ObjectMap } from "./object-map.ts";
import { applyChanges } from "./serve.ts";
import { endInOrder, openSession, recover, suspectNothing } from "./session.ts";
import { keepUnsure, keptUnsure, mayBeOurs, noteSure, unsureSince } from "./unsure.ts";

test("what came into being since the last batch that was in order may be ours, until a session ends in order", () => {
  using map = new ObjectMap(":memory:");
  const before = BigInt(Date.now()) * 1_000_000n;
  expect(mayBeOurs(undefined, before)).toBe(false);
  expect(mayBeOurs(unsureSince(map), 1n)).toBe(true); // nothing is known of when
  noteSure(map);
  const unsure = unsureSince(map);
  const hour = 3_600_000_000_000n;
  expect([before - hour, before, before + hour, 0n].map((birth) => mayBeOurs(unsure, birth))).toEqual([false, true, false, true]); // prettier-ignore
  keepUnsure(map, [{ from: before - 3n * hour, to: before - 2n * hour }]);
  noteSure(map);
  const spans = unsureSince(map);
  expect(spans[0]).toEqual({ from: before - 3n * hour, to: before - 2n * hour });
  // What came into being while nothing of ours was at work is somebody else's.
  const births = [before - 4n * hour, before - 3n * hour, before - hour, before];
  expect(births.map((birth) => mayBeOurs(spans, birth))).toEqual([false, true, false, true]);
  keepUnsure(map, undefined);
  expect(unsureSince(map)).toHaveLength(1);
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

test("a receiving end that was told nothing goes on suspecting what one before it left, and one that was told all does not", async () => {
  const root = mkdtempSync(join(tmpdir(), "belay-unsure-"));
  const rules = { syncXattrs: true, syncAcls: true, ignoreDeletes: false, setsConflictsAside: true };
  const open = () => openSession({ root, session: "test", rootId, rules, expected: undefined, logger: silentLogger });
  try {
    writeFileSync(join(root, "theirs"), "theirs");
    await sleep(1500); // more than the slack
    {
      using killed = await open();
      applyChanges(startBatch(killed), { objects: [wholeFile("f", "ours")], entries: [entryOf("f", 0)] });
    }
    {
      using idle = await open(); // of a worker that was killed before it told anything
      endInOrder(idle);
    }
    {
      using session = await open();
      const batch = startBatch(session);
      const files = ["f", "theirs"].map((name) => wholeFile(name, "of the source"));
      expect(
        applyChanges(batch, { objects: files, entries: [entryOf("f", 0), entryOf("theirs", 1)] }).failures,
      ).toEqual([]);
      expect(finishBatch(batch)).toEqual([]);
      const aside = readdirSync(join(root, ".belay-georep/test/conflicts")).map((name) =>
        name.replace(/^\d+-\d+-/, ""),
      );
      expect(aside).toEqual(["theirs"]);
      expect(session.unsure).toBeDefined();
      suspectNothing(session);
      expect(session.unsure).toBeUndefined();
      endInOrder(session);
    }
    using map = new ObjectMap(join(root, ".belay-georep/test/map.sqlite"));
    expect(keptUnsure(map)).toBeUndefined();
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("after a receiving end was killed, what came into being while nobody replicated is somebody else's", async () => {
  const root = mkdtempSync(join(tmpdir(), "belay-unsure-"));
  const rules = { syncXattrs: true, syncAcls: true, ignoreDeletes: false, setsConflictsAside: true };
  const open = () => openSession({ root, session: "test", rootId, rules, expected: undefined, logger: silentLogger });
  try {
    {
      using killed = await open(); // does not end in order
      expect(finishBatch(startBatch(killed))).toEqual([]);
    }
    // As if that had been an hour ago, and somebody had worked here meanwhile.
    const base = join(root, ".belay-georep/test");
    const hour = 3_600_000;
    for (const name of ["held", "stage", "map.sqlite"])
      utimesSync(join(base, name), new Date(), new Date(Date.now() - hour));
    {
      using map = new ObjectMap(join(base, "map.sqlite"));
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(Date.now() - hour - 1000) * 1_000_000n);
      map.putFact("sure", bytes);
    }
    for (const name of ["map.sqlite", "map.sqlite-wal"])
      if (existsSync(join(base, name))) utimesSync(join(base, name), new Date(), new Date(Date.now() - hour));
    writeFileSync(join(root, "theirs"), "their work");
    await sleep(1500); // more than the slack
    (await open())[Symbol.dispose](); // killed at once
    using session = await open();
    const batch = startBatch(session);
    expect(applyChanges(batch, { objects: [], entries: [entryOf("theirs", undefined)] }).failures).toEqual([]);
    expect(finishBatch(batch)).toEqual([]);
    const [kept = ""] = readdirSync(join(base, "conflicts"));
    expect(readFileSync(join(base, "conflicts", kept), "utf8")).toBe("their work");
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("what is in a directory of somebody's that a batch took over, and was cut off when it had given it up, is kept", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const at = (name: string) => join(root, name);
  mkdirSync(at("d/below"), { recursive: true });
  for (const name of ["d/theirs", "d/below/too"]) writeFileSync(at(name), "theirs");
  await sleep(1500); // more than the slack
  expect(finishBatch(startBatch(session))).toEqual([]);
  const cut = startBatch(session);
  const directory = wholeFile("d", "", { mode: S_IFDIR | 0o755, inline: undefined });
  const within = { ...entryOf("f", 1), parent: directory.id };
  applyChanges(cut, { objects: [directory, wholeFile("f", "ours")], entries: [entryOf("d", 0), within] });
  expect(applyChanges(cut, { objects: [], entries: [entryOf("d", undefined)] }).failures).toEqual([]);
  session.map.rollback();
  recover(session);
  const aside = readdirSync(at(".belay-georep/test/conflicts"));
  expect(aside.map((name) => name.replace(/^\d+-\d+-/, "")).sort()).toEqual(["below", "theirs"]);
  expect(place.held()).toEqual([]);
});

test("what somebody has made while nothing was to be replicated is not taken for the work of a batch that is cut off later", async () => {
  const root = mkdtempSync(join(tmpdir(), "belay-unsure-"));
  const rules = { syncXattrs: true, syncAcls: true, ignoreDeletes: false, setsConflictsAside: true };
  const open = () => openSession({ root, session: "test", rootId, rules, expected: undefined, logger: silentLogger });
  const directory = (id: string) => wholeFile(id, "", { mode: S_IFDIR | 0o755, inline: undefined });
  try {
    {
      using killed = await open();
      expect(finishBatch(startBatch(killed))).toEqual([]);
      await sleep(1500); // more than the slack
      for (const name of ["d", "e"]) writeFileSync(join(root, name), "theirs");
      await sleep(1500);
      const batch = startBatch(killed);
      applyChanges(batch, { objects: [wholeFile("f", "1")], entries: [entryOf("f", 0)] });
      killed.map.rollback();
      recover(killed);
      applyChanges(startBatch(killed), { objects: [directory("d")], entries: [entryOf("d", 0)] });
    }
    using session = await open();
    const batch = startBatch(session);
    const objects = [directory("d"), directory("e"), directory("f")];
    const entries = [entryOf("d", 0), entryOf("e", 1), entryOf("f", 2)];
    expect(applyChanges(batch, { objects, entries }).failures).toEqual([]);
    expect(finishBatch(batch)).toEqual([]);
    expect(readdirSync(root).sort()).toEqual([".belay-georep", "d", "e", "f"]);
    const aside = readdirSync(join(root, ".belay-georep/test/conflicts"));
    expect(aside.map((name) => readFileSync(join(root, ".belay-georep/test/conflicts", name), "utf8"))).toEqual(["theirs", "theirs"]); // prettier-ignore
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("a directory that was taken over for another, and was in the way when the batch was cut off, is there again with all in it", async () => {
  using place = await openSessionPlace({ ignoreDeletes: true });
  const { root, session } = place;
  const at = (name: string) => join(root, name);
  const directory = (id: string) => wholeFile(id, "", { mode: S_IFDIR | 0o755, inline: undefined });
  const first = startBatch(session);
  const within = { ...entryOf("f", 1), parent: directory("d").id };
  const made = { objects: [directory("d"), wholeFile("f", "deleted at the source since")], entries: [entryOf("d", 0), within] }; // prettier-ignore
  expect(applyChanges(first, made).failures).toEqual([]);
  expect(finishBatch(first)).toEqual([]);
  const cut = startBatch(session);
  expect(applyChanges(cut, { objects: [directory("anew")], entries: [entryOf("d", 0)] }).failures).toEqual([]);
  expect(applyChanges(cut, { objects: [wholeFile("g", "a file")], entries: [entryOf("d", 0)] }).failures).toEqual([]);
  expect(place.held()).toHaveLength(1);
  session.map.rollback();
  recover(session);

  const again = startBatch(session);
  const entries = [entryOf("d2", 0), entryOf("d", undefined)]; // the one is told of, the other is asked for
  expect(session.suspect?.names).toEqual([{ parent: rootId, name: Buffer.from("d") }]);
  expect(applyChanges(again, { objects: [directory("anew")], entries }).failures).toEqual([]);
  expect(finishBatch(again)).toEqual([]);
  const kept = readdirSync(at(".belay-georep/test/conflicts"));
  expect(kept.map((name) => readdirSync(at(`.belay-georep/test/conflicts/${name}`)))).toEqual([["f"]]);
});
