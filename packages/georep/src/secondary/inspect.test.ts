import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { entryOf, openSessionPlace, rootId, wholeFile } from "../testing/session-place.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { inspect } from "./inspect.ts";
import { applyChanges } from "./serve.ts";

test("a name that the file system cannot have counts as not there, others are told", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const batch = startBatch(session);
  applyChanges(batch, { objects: [wholeFile("id", "text")], entries: [entryOf("f", 0)] });
  finishBatch(batch);
  writeFileSync(join(root, "foreign"), "");
  const names = ["f", "x".repeat(300), "gone", "foreign"].map((name) => Buffer.from(name));
  const reply = inspect(session, { directory: rootId, names, withContent: true });
  expect(reply.names.map((each) => each?.state.id.toString())).toEqual(["id", undefined, undefined, ""]);
});
