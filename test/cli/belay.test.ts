import { spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const belayFile = join(import.meta.dirname, "..", "..", "bin", "belay");

let directory: string;
let zurl: string;
let count = 0;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), "belay-test-cli-"))));
afterAll(() => rmSync(directory, { recursive: true }));

function newZurl(): string {
  return (zurl = `file://${join(directory, `${count++}.fs`)}`);
}

function belay(args: readonly string[], input?: Uint8Array): SpawnSyncReturns<string> {
  return spawnSync(belayFile, args, {
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 2 ** 28,
    ...(input === undefined ? {} : { input }),
  });
}

function importPipe(data: Uint8Array, ...options: string[]): SpawnSyncReturns<string> {
  return belay(["wcfs", "import", "-", zurl, "--blksize", "64K", ...options], data);
}

test("what goes in through a pipe comes out through a pipe", () => {
  newZurl();
  const data = Buffer.alloc(5 * 65_536);
  randomBytes(300_000).copy(data);
  const done = importPipe(data.subarray(0, 300_000), "--name", "a", "--create-db", "--json");
  expect(done.status).toBe(0);
  expect(JSON.parse(done.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
    event: "done",
    size: 327_680,
    bytes: 300_000,
  });

  const exported = spawnSync(belayFile, ["wcfs", "export", zurl, "-"], { maxBuffer: 2 ** 24 });
  expect(exported.stdout.equals(data)).toBe(true);
});

test("the lists have a form for people and one for programs", () => {
  newZurl();
  importPipe(Buffer.from("one"), "--name", "a", "--create-db");
  importPipe(Buffer.from("two"), "--name", "a", "--append");
  expect(belay(["wcfs", "ls", zurl]).stdout).toMatch(
    /^OID +NAME +SIZE +BLKSIZE +BLOCKS\n000000000000000\d {2}a +131072 {2}64\.0 KiB +2\n$/,
  );
  const lines = belay(["wcfs", "log", zurl, "--json"]).stdout.trim().split("\n");
  const log = lines.map((line) => JSON.parse(line) as { tid: string; blocks: number[]; created: boolean });
  expect(log).toMatchObject([
    { blocks: [1], created: false },
    { blocks: [0], created: true },
  ]);
  expect(belay(["wcfs", "diff", zurl, log[1]?.tid ?? "", "--json"]).stdout).toContain('"blocks":[1]');
  expect(belay(["wcfs", "export", zurl, "-", "--at", log[1]?.tid ?? ""]).stdout.length).toBe(65_536);
  expect(belay(["wcfs", "log", zurl, "--limit", "1"]).stdout.split("\n")[0]).toContain(log[0]?.tid ?? "none");
});

test("errors are one line and a hint, or one JSON line, and have their exit codes", () => {
  newZurl();
  importPipe(Buffer.from("x"), "--name", "a", "--create-db");
  const taken = importPipe(Buffer.from("x"), "--name", "a");
  expect(taken).toMatchObject({ status: 1, stdout: "" });
  expect(taken.stderr).toMatch(/^belay: "a" is there already, 65536 bytes\n {2}hint: --resume .*\n$/);
  const json = importPipe(Buffer.from("x"), "--name", "a", "--json").stderr.trim().split("\n").at(-1) ?? "";
  expect(JSON.parse(json)).toMatchObject({ error: { code: "EEXISTS" } });

  expect(importPipe(Buffer.from("x"), "--name", "a", "--append", "--resume")).toMatchObject({ status: 2 });
  expect(belay(["wcfs", "import", "-", zurl, "--name", "b", "--blksize", "2T"], Buffer.from("x")).status).toBe(2);
  const misused = belay(["wcfs", "ls", "--json", "--blue"]);
  expect(misused.status).toBe(2);
  expect(JSON.parse(misused.stderr)).toEqual({ error: { code: "EUSAGE", message: "unknown option '--blue'" } });
  for (const args of [
    ["log", zurl, "--oid", "7"],
    ["ls", zurl, "--at", "now"],
    ["diff", zurl, "yesterday"],
  ])
    expect(belay(["wcfs", ...args]), args[0]).toMatchObject({ status: 2, stdout: "" });
  expect(belay(["wcfs", "import", directory, zurl]).stderr).toContain(`${directory} is a directory`);
  expect(belay(["wcfs", "inport"])).toMatchObject({
    status: 2,
    stderr: "error: unknown command 'inport'\n(Did you mean import?)\n",
  });
  expect(belay(["wcfs", "ls", "file:///nonexistent/Data.fs"]).status).toBe(1);
  expect(belay(["wcfs", "export", zurl, "-", "--name", "b"]).stderr).toContain('the root object has no key "b"');
});

test("an export that fails leaves no file, nor half of one", () => {
  newZurl();
  importPipe(Buffer.from("x"), "--name", "a", "--create-db");
  const output = join(directory, "output");
  expect(belay(["wcfs", "export", zurl, output, "--at", "0000000000000001"]).status).toBe(1);
  expect(existsSync(output)).toBe(false);
  expect(belay(["wcfs", "export", zurl, output]).status).toBe(0);
  expect(readFileSync(output).length).toBe(65_536);
});

test("Ctrl-C ends an import, also one that waits for input; what was committed stays, and can be gone on with", async () => {
  newZurl();
  const data = randomBytes(40 * 65_536);
  const options = ["--name", "a", "--create-db", "--blksize", "64K", "--transaction-size", "64K", "--json"];
  const child = spawn(belayFile, ["wcfs", "import", "-", zurl, ...options], { stdio: ["pipe", "pipe", "pipe"] });
  child.stderr.resume();
  child.stdin.on("error", () => undefined);
  // The pipe stays open: the import waits for more.
  child.stdin.write(data.subarray(0, 10 * 65_536 + 1000));
  let commits = 0;
  child.stdout.on("data", (chunk: Buffer) => (commits += chunk.toString().split("committed").length - 1));
  await expect.poll(() => commits).toBe(10);
  const exit = once(child, "exit");
  child.kill("SIGINT");
  expect(await exit).toEqual([130, null]);

  const input = join(directory, "whole");
  writeFileSync(input, data);
  expect(belay(["wcfs", "import", input, zurl, "--name", "a", "--resume"]).status).toBe(0);
  const exported = spawnSync(belayFile, ["wcfs", "export", zurl, "-"], { maxBuffer: 2 ** 24 });
  expect(exported.stdout.equals(data)).toBe(true);
});

test("an output that cannot be written, or that nobody reads, ends a command without a stack", () => {
  newZurl();
  importPipe(randomBytes(300_000), "--name", "a", "--create-db");
  const shell = (command: string) => spawnSync("bash", ["-c", command, belayFile, zurl], { encoding: "utf8" });
  for (const command of ["wcfs ls", "zodb ls", "zodb dump"]) {
    expect(shell(`"$0" ${command} "$1" > /dev/full`), command).toMatchObject({
      status: 1,
      stderr: "belay: ENOSPC: no space left on device, write\n",
    });
    expect(shell(`("$0" ${command} "$1"; echo $? >&2) | true`).stderr, command).toBe("141\n");
  }
  expect(shell('("$0" wcfs export "$1" -; echo $? >&2) | true').stderr).toBe("141\n");
  expect(shell('"$0" wcfs export "$1" /dev/full').stderr).toBe("belay: ENOSPC: no space left on device, write\n");
  expect(shell('"$0" wcfs export "$1" /').stderr).toMatch(/^belay: EISDIR: .*\n$/);
  expect(shell('"$0" wcfs export "$1" /nonexistent/a').stderr).toMatch(/^belay: ENOENT: .*\n$/);
});

test("a name may be any text and stays one word of one line in a list", () => {
  newZurl();
  importPipe(Buffer.from("one"), "--name", "two\nlines", "--create-db");
  importPipe(Buffer.from("two"), "--name", "");
  expect(belay(["wcfs", "ls", zurl]).stdout).toMatch(/ "two\\nlines" +65536 .*\n.* "" +65536 /);
});
