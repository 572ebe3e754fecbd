import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { entryOf, openSessionPlace, wholeFile } from "../testing/session-place.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { applyChanges } from "./serve.ts";

test.each([[["a", "b"]], [["b", "a"]]])(
  "a new file with two names is one file, also where one of them stands for something already (told as %s)",
  async (names) => {
    using place = await openSessionPlace();
    const { root, session } = place;
    writeFileSync(join(root, "a"), "of a batch that was cut off");
    const batch = startBatch(session);
    const [first = "", second = ""] = names;
    const objects = [wholeFile("f", "content", { nlink: 2 })];
    expect(applyChanges(batch, { objects, entries: [entryOf(first, 0), entryOf(second, 0)] }).failures).toEqual([]);
    expect(finishBatch(batch)).toEqual([]);
    const [a, b] = ["a", "b"].map((name) => statSync(join(root, name)));
    expect([a?.ino, a?.nlink]).toEqual([b?.ino, 2]);
    expect(readFileSync(join(root, "a"), "utf8")).toBe("content");
    expect(session.map.namesOf(Buffer.from("f"))).toHaveLength(2);
  },
);
