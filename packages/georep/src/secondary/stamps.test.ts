import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import type { ObjectChange } from "../rpc/messages.ts";
import { entryOf, openSessionPlace, wholeFile } from "../testing/session-place.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { applyChanges } from "./serve.ts";
import type { Session } from "./session.ts";

function apply(session: Session, change: ObjectChange): void {
  const batch = startBatch(session);
  expect(applyChanges(batch, { objects: [change], entries: [entryOf("f", 0)] }).failures).toEqual([]);
  expect(finishBatch(batch)).toEqual([]);
}

test("a file of which only the attributes were looked at may have another content, whatever its times say", async () => {
  using place = await openSessionPlace();
  const { root, session } = place;
  const [first, second] = [1_700_000_001_000_000_000n, 1_700_000_002_000_000_000n];
  apply(session, wholeFile("id", "old", { ctime: first }));
  expect(session.map.get(Buffer.from("id"))?.ctime).toBe(first);
  // Its content and then its mtime were set before we looked, and the record of that comes later.
  apply(session, wholeFile("id", "new", { ctime: second, mode: 0o100600, content: "keep", inline: undefined }));
  expect(session.map.get(Buffer.from("id"))).toMatchObject({ ctime: 0n, mode: 0o100600 });
  apply(session, wholeFile("id", "new", { ctime: second, mode: 0o100600 }));
  expect(readFileSync(join(root, "f"), "utf8")).toBe("new");
  expect(session.map.get(Buffer.from("id"))?.ctime).toBe(second);
});
