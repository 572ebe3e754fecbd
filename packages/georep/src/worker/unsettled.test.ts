import { expect, test } from "vitest";

import type { ObjectChange } from "../rpc/messages.ts";
import { fileChange } from "../testing/file-change.ts";
import { S_IFDIR } from "../tree/object-state.ts";
import { Unsettled } from "./unsettled.ts";

const change = (name: string, more: Partial<ObjectChange> = {}) => fileChange(name, { size: 1_000_000, ...more });

test("nothing is said of a file before its content has come, also in the order in which it was asked for", async () => {
  const unsettled = new Unsettled();
  const seen: string[] = [];
  const first = unsettled.begin([change("a"), change("b")]);
  const waits = unsettled.before([change("b", { size: 3, inline: Buffer.from("abc") })]);
  const second = unsettled.begin([change("b")]);
  const third = unsettled.before([change("b")])?.then(() => seen.push("third"));
  const waited = waits?.then(() => seen.push("second"));
  first();
  await waited;
  expect(seen).toEqual(["second"]);
  second();
  await third;
  expect(seen).toEqual(["second", "third"]);
  expect(unsettled.before([change("a"), change("b")])).toBeUndefined();
});

test("what comes along, is empty or has no content is never waited for", () => {
  const unsettled = new Unsettled();
  const small = change("small", { size: 1, inline: Buffer.from("s") });
  const objects = [small, change("empty", { size: 0 }), change("directory", { mode: S_IFDIR | 0o755 })];
  unsettled.begin(objects);
  expect(unsettled.before(objects)).toBeUndefined();
});
