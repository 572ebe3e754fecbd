import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runDirectory } from "../index.ts";
import { runDirectoryPlaces } from "./run-directory.ts";

const base = mkdtempSync(join(tmpdir(), "belay-test-"));
afterAll(() => rmSync(base, { recursive: true }));
const at = (name: string) => ({ BELAY_RUN_DIR: join(base, name) });
const isRoot = process.geteuid?.() === 0;

test("the directory is private to its owner, also when it was not", () => {
  expect(statSync(runDirectory(at("a"))).mode & 0o777).toBe(0o700);
  chmodSync(join(base, "a"), 0o755);
  expect(statSync(runDirectory(at("a"))).mode & 0o777).toBe(0o700);
});

test.skipIf(!isRoot)("a directory of somebody else is refused (needs root)", () => {
  mkdirSync(join(base, "theirs"));
  chownSync(join(base, "theirs"), 65534, 65534);
  expect(() => runDirectory(at("theirs"))).toThrow(expect.objectContaining({ code: "ERUNDIR" }));
});

test("a symbolic link is refused, even to a directory of ours", () => {
  symlinkSync(base, join(base, "link"));
  expect(() => runDirectory(at("link"))).toThrow(expect.objectContaining({ code: "ERUNDIR" }));
});

test("a user's own runtime directory counts, root's environment does not", () => {
  const places = runDirectoryPlaces({ XDG_RUNTIME_DIR: "/run/user/7" });
  expect(places[0]).toBe(isRoot ? "/run/belay" : "/run/user/7/belay");
  expect(places.at(-1)).toBe(join(tmpdir(), `belay-${process.geteuid?.() ?? 0}`));
});
