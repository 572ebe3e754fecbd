import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";
import { silentLogger } from "@belay/supervise";

import { Journal } from "./journal.ts";
import { dirty, type DirtyRecord } from "./record.ts";
import { Recorder } from "./recorder.ts";
import { lostRecords } from "./segments.ts";

const isRoot = process.geteuid?.() === 0;

const named = (name: string): DirtyRecord => ({
  kinds: dirty.data,
  directory: Buffer.from("directory"),
  name: Buffer.from(name),
  object: Buffer.alloc(0),
});

test("what is told several times in a row is written once", () => {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
  try {
    using journal = new Journal(directory);
    using recorder = new Recorder(journal, { logger: silentLogger });
    recorder.record([named("a"), { ...named("a"), kinds: dirty.entry }, named("b"), named("b")]);
    const { records } = journal.read(journal.start);
    expect(records.map(({ name, kinds }) => [name.toString(), kinds])).toEqual([
      ["a", dirty.data | dirty.entry],
      ["b", dirty.data],
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.runIf(isRoot)("while the disk is full records wait, and too many of them become a gap", async () => {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory]);
  try {
    const [place, filler] = [join(directory, "journal"), join(directory, "filler")];
    mkdirSync(place);
    using journal = new Journal(place);
    const troubles: (string | undefined)[] = [];
    using recorder = new Recorder(journal, {
      logger: silentLogger,
      retryMs: 20,
      onTrouble: (error) => troubles.push(error?.message),
    });
    const names = () => {
      const { records } = journal.read(journal.start);
      return records.map((record) => (record.directory.length === 0 ? record : record.name.toString()));
    };
    recorder.record([named("before")]);
    fill(filler);
    const many = Array.from({ length: 500 }, (_, i) => named(`during-${i}`));
    recorder.record(many);
    expect(recorder.trouble?.message).toContain("ENOSPC");
    rmSync(filler);
    await recorder.whenWritten();
    recorder.record([named("after")]);
    expect(names()).toEqual(["before", ...many.map(({ name }) => name.toString()), "after"]);

    fill(filler);
    for (let i = 0; i < 50; i++) recorder.record(Array.from({ length: 500 }, (_, j) => named(`flood-${i}-${j}`)));
    rmSync(filler);
    await recorder.whenWritten();
    expect(names().at(502)).toEqual(lostRecords);
    expect(troubles).toEqual([
      expect.stringContaining("ENOSPC"),
      undefined,
      expect.stringContaining("ENOSPC"),
      undefined,
    ]);
  } finally {
    execFileSync("umount", ["-l", directory]);
    rmSync(directory, { recursive: true });
  }
});

function fill(path: string): void {
  try {
    writeFileSync(path, Buffer.alloc(2 * 1024 * 1024));
  } catch {
    // full is what it is to be
  }
}
