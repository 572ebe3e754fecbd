import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { Journal } from "./journal.ts";
import { lostRecords } from "./segments.ts";
import { dirty, type DirtyRecord } from "./record.ts";

const named = (name: string): DirtyRecord => ({
  kinds: dirty.entry,
  directory: Buffer.from("directory"),
  name: Buffer.from(name),
  object: Buffer.alloc(0),
});

const namesIn = (records: readonly DirtyRecord[]) => records.map(({ name }) => name.toString());

test("what was appended is read from any position on, also by the next process, and a torn tail is a gap", () => {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
  try {
    const first = new Journal(directory);
    const { start } = first;
    first.append([named("a"), named("b")]);
    const middle = first.end;
    first.append([named("c")]);
    expect(namesIn(first.read(start).records)).toEqual(["a", "b", "c"]);
    expect(namesIn(first.read(middle).records)).toEqual(["c"]);
    expect(first.read(first.end)).toEqual({ records: [], next: first.end });
    first[Symbol.dispose]();
    const [segment = ""] = readdirSync(directory);
    appendFileSync(join(directory, segment), Buffer.from([40, 0, 0, 0, 1, 2, 3]));

    using second = new Journal(directory);
    second.append([named("d")]);
    const { records, next } = second.read(middle);
    expect(namesIn(records)).toEqual(["c"]);
    const gap = second.read(next);
    expect(gap.records).toEqual([lostRecords]);
    expect(namesIn(second.read(gap.next).records)).toEqual(["d"]);
    second.trim(second.end);
    expect(readdirSync(directory)).toHaveLength(1);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
