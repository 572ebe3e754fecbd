import { readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { entryOf, openSessionPlace, wholeFile } from "../testing/session-place.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import { S_IFDIR } from "../tree/object-state.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { applyChanges } from "./serve.ts";
import { recover } from "./session.ts";

test("a name that has to go from a directory that a batch that was cut off has moved fails until the way to it is told", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const directory = wholeFile("d", "", { mode: S_IFDIR | 0o755, inline: undefined });
  const within = (object: number | undefined) => ({ ...entryOf("f", object), parent: directory.id });
  const first = startBatch(session);
  expect(applyChanges(first, { objects: [directory], entries: [entryOf("old", 0)] }).failures).toEqual([]);
  expect(finishBatch(first)).toEqual([]);

  const renamed = [entryOf("old", undefined), entryOf("new", 0)];
  const cut = startBatch(session);
  const made = { objects: [directory, wholeFile("f", "1")], entries: [...renamed, within(1)] };
  expect(applyChanges(cut, made).failures).toEqual([]);
  expect(readdirSync(join(root, "new"))).toEqual(["f"]);
  session.map.rollback();
  recover(session);

  const again = startBatch(session);
  const gone = { objects: [], entries: [within(undefined)] };
  expect(applyChanges(again, gone).failures).toMatchObject([{ id: directory.id, code: "EPARENT" }]);
  expect(applyChanges(again, { objects: [directory], entries: renamed }).failures).toEqual([]);
  expect(applyChanges(again, gone).failures).toEqual([]);
  expect(finishBatch(again)).toEqual([]);
  expect(readdirSync(join(root, "new"))).toEqual([]);
  expect(session.map.get(Buffer.from("f"))).toBeUndefined();
});

test("a directory that a batch that was cut off has moved is known with all in it when the one it was in goes", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const [outer, inner, innermost] = ["outer", "inner", "innermost"].map((id) =>
    wholeFile(id, "", { mode: S_IFDIR | 0o751, inline: undefined }),
  ) as [ObjectChange, ObjectChange, ObjectChange];
  const file = wholeFile("f", "1");
  const within = ({ id }: ObjectChange, name: string, object: number) => ({ ...entryOf(name, object), parent: id });
  const first = startBatch(session);
  const made = [
    entryOf("outer", 0),
    within(outer, "inner", 1),
    within(inner, "innermost", 2),
    within(innermost, "f", 3),
  ];
  expect(applyChanges(first, { objects: [outer, inner, innermost, file], entries: made }).failures).toEqual([]);
  expect(finishBatch(first)).toEqual([]);

  startBatch(session);
  renameSync(join(root, "outer/inner"), join(root, "inner"));
  session.map.rollback();
  recover(session);

  // What was in a directory that is gone is not told of.
  const again = startBatch(session);
  const objects = [inner, { ...innermost, mode: S_IFDIR | 0o711 }];
  const told = [entryOf("outer", undefined), entryOf("inner", 0), within(inner, "innermost", 1)];
  expect(applyChanges(again, { objects, entries: told }).failures).toEqual([]);
  expect(finishBatch(again)).toEqual([]);
  expect(readdirSync(root).sort()).toEqual([".belay-georep", "inner"]);
  expect(statSync(join(root, "inner/innermost")).mode & 0o777).toBe(0o711);
  expect(session.map.namesOf(file.id)).toEqual([{ parent: innermost.id, name: Buffer.from("f") }]);
});
