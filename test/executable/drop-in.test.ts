import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lockDeadMounts } from "../dead-mounts.ts";
import { BigFiles } from "../wcfs/isolation/harness/big-files.ts";

const root = join(import.meta.dirname, "..", "..");
const built = existsSync(join(root, "dist", "bin", "wcfs"));
const havePython = spawnSync("python3", ["-c", "import venv"]).status === 0;
if (!built) console.warn("no dist/bin/wcfs: wendelin.core's view of it is not tested; make build makes it");
if (!havePython) console.warn("no python3 with venv: wendelin.core's view of the server is not tested");

let directory: string;
let python: string;
let packages: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "belay-test-dropin-"));
  if (!havePython) return;
  spawnSync("python3", ["-m", "venv", "--without-pip", join(directory, "venv")]);
  python = join(directory, "venv", "bin", "python");
  packages = spawnSync(python, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    .stdout.toString()
    .trim();
});
afterAll(() => rmSync(directory, { recursive: true }));

const make = (target: string) =>
  spawnSync(join(root, "scripts", "install-wcfs.sh"), [target, python], { encoding: "utf8" });

/** A package that looks like wendelin.core, down to not being importable without what it needs. @returns its folder of the server */
function installLookAlike(): string {
  const folder = join(packages, "wendelin", "wcfs");
  mkdirSync(folder, { recursive: true });
  for (const place of ["..", "."]) writeFileSync(join(folder, place, "__init__.py"), "import no_such_module\n");
  writeFileSync(join(folder, "wcfs"), "the original\n", { mode: 0o755 });
  return folder;
}

describe.skipIf(!built || !havePython)("beside wendelin.core", () => {
  test("where it is not installed that is said", () => {
    const { status, stderr } = make("install");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^install-wcfs: wendelin\.core is not installed for .*\nhint: install it there first/);
  });

  test("our server takes the place of the original, twice, and gives it back", () => {
    const folder = installLookAlike();
    const before = readdirSync(folder).sort();
    expect(make("uninstall")).toMatchObject({ status: 1 });
    for (let times = 0; times < 2; times++) expect(make("install")).toMatchObject({ status: 0, stderr: "" });
    expect(statSync(join(folder, "wcfs")).size).toBe(statSync(join(root, "dist/bin/wcfs")).size);
    expect(make("uninstall")).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(join(folder, "wcfs"), "utf8")).toBe("the original\n");
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  test("wendelin.core's tests find everything they ask of a server", async () => {
    using _doctors = await lockDeadMounts();
    const folder = installLookAlike();
    expect(make("install")).toMatchObject({ status: 0 });
    const mountpoint = join(directory, "mnt");
    mkdirSync(mountpoint);
    await using database = await BigFiles.create(join(directory, "data.fs"));
    const { oid } = database.createFile(2 << 20);
    database.write(oid, { 0: "a" });
    const args = [join(root, "test/executable/outsider.py"), join(folder, "wcfs"), database.zurl, mountpoint, oid];
    const child = spawn(python, args, { stdio: ["pipe", "pipe", "pipe"] });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    const passed: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "commit") child.stdin.write(`${database.write(oid, { 0: `b${passed.length}` })}\n`);
      else if (line === "change") child.stdin.write(`${database.setBlksize(oid, 1 << 20)}\n`);
      else passed.push(line);
    });
    const [code] = (await once(child, "close")) as [number | null];
    spawnSync("fusermount", ["-u", "-z", mountpoint]);
    expect({ code, errors, passed: passed.length }).toEqual({ code: 0, errors: "", passed: 10 });
    expect(make("uninstall")).toMatchObject({ status: 0 });
  });
});
