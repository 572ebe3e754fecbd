import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { takeFileLock } from "@belay/supervise";
import { expect, test } from "vitest";

import { forgetSession } from "./forget.ts";

function makeRoot() {
  const root = mkdtempSync(join(tmpdir(), "belay-test-forget-"));
  const state = join(root, ".belay-georep", "s");
  for (const name of ["held", "conflicts", "stage"]) mkdirSync(join(state, name), { recursive: true });
  writeFileSync(join(state, "map.sqlite"), "");
  writeFileSync(join(root, "data"), "x");
  return { root, state, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

test("what is known of a session goes, the copy stays, and stays as old as it was", async () => {
  using place = makeRoot();
  writeFileSync(join(place.state, "held", "00ff"), "half made");
  utimesSync(place.root, 7, 7);
  expect(await forgetSession(place.root, "s")).toEqual({ isKnown: true, keptConflicts: 0 });
  expect(readdirSync(place.root)).toEqual(["data"]);
  expect(statSync(place.root).mtimeMs).toBe(7000);
  expect(await forgetSession(place.root, "s")).toEqual({ isKnown: false, keptConflicts: 0 });
});

test("what is not ours stays: conflicts, and what a batch that was cut off holds", async () => {
  using place = makeRoot();
  mkdirSync(join(place.root, ".belay-georep", "another"));
  writeFileSync(join(place.state, "conflicts", "1-0-theirs"), "theirs");
  writeFileSync(join(place.state, "held", "u-1"), "theirs");
  mkdirSync(join(place.state, "held", "00aa"));
  writeFileSync(join(place.state, "held", "00ff"), "ours");
  expect(await forgetSession(place.root, "s")).toEqual({ isKnown: true, keptConflicts: 3 });
  expect(readdirSync(place.state)).toEqual(["conflicts"]);
  expect(readdirSync(join(place.root, ".belay-georep")).sort()).toEqual(["another", "s"]);
});

test("a session that is worked on is left alone, and links lead nowhere", async () => {
  using place = makeRoot();
  {
    using _lock = await takeFileLock(join(place.state, "lock"));
    await expect(forgetSession(place.root, "s", 50)).rejects.toMatchObject({ code: "ELOCKED" });
  }
  using other = makeRoot();
  rmSync(join(place.root, ".belay-georep"), { recursive: true });
  symlinkSync(join(other.root, ".belay-georep"), join(place.root, ".belay-georep"));
  expect(await forgetSession(place.root, "s")).toMatchObject({ isKnown: false });
  expect(existsSync(join(other.state, "map.sqlite"))).toBe(true);
});
