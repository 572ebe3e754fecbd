import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeCommandPlace } from "../testing/command-place.ts";
import { recordPath } from "./known-session.ts";
import { georepLeftovers } from "./left-overs.ts";
import { reportOf } from "./report.ts";
import { statePath } from "./session-files.ts";

test("what a died monitor and half sessions have left is found, and put in order", async () => {
  using place = makeCommandPlace();
  for (const name of ["a", "b", "c", "d"]) place.directory(name);
  const known = await place.create("a", "b");
  const half = await place.create("c", "d");
  expect(georepLeftovers(place.places)).toEqual([]);

  mkdirSync(place.places.runDirectory, { recursive: true });
  const pidFile = join(place.places.runDirectory, "gsyncd-x-localhost-y.pid");
  writeFileSync(pidFile, "1\n");
  writeFileSync(statePath(known), "Started");
  writeFileSync(join(place.directory(`b/.belay-georep/${known.id}/held`), "0011"), "part");
  rmSync(recordPath(half));
  utimesSync(half.folder, 1, 1);
  const scratch = join(place.places.scratchDirectory, "gone");
  mkdirSync(scratch, { recursive: true });

  const found = georepLeftovers(place.places);
  expect(found.map(({ kind }) => kind).sort()).toEqual([
    "georep-held",
    "georep-pid-file",
    "georep-scratch",
    "georep-scratch", // of the half session
    "georep-session",
    "georep-session",
  ]);
  for (const { fix } of found) await fix?.();
  expect([pidFile, scratch, half.folder].filter((path) => existsSync(path))).toEqual([]);
  expect(reportOf(place.places, known).state).toBe("stopped");
  expect(georepLeftovers(place.places).map(({ kind }) => kind)).toEqual(["georep-held"]);
});
