import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { isRsyncOfOurs } from "./rsync-call.ts";

const env = { SSH_CONNECTION: "127.0.0.1 1 127.0.0.1 2" };
let directory: string;
let secondary: ChildProcess;
let target: string;

// All the check sees of a receiving end: a word of its command line, its connection, its working directory.
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "belay-test-rsync-"));
  const wait = "process.stdout.write('up'); setInterval(() => {}, 1000)";
  const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
  secondary = spawn(process.execPath, ["-e", wait, "secondary"], { cwd: directory, env, stdio });
  if (secondary.stdout !== null) await once(secondary.stdout, "data");
  target = `/proc/${secondary.pid}/cwd`;
});

afterAll(() => {
  secondary.kill();
  rmSync(directory, { recursive: true });
});

test.each([
  "-logDtpAXRe.LsfxCIvu --super --stats --numeric-ids --existing --inplace --no-implied-dirs",
  "-logDtpRcze31.14iLsfxCIvu --bwlimit=100",
  "-vvWe.LsfxCIvu",
])("rsync's receiving end may have the flags %s", (flags) => {
  expect(isRsyncOfOurs(["--server", ...flags.split(" "), ".", target], env)).toBe(true);
});

test.each([
  "-s",
  "-logDtprse.LsfxCIvu",
  "-sv",
  "-logDtpKe.LsfxCIvu",
  "-Tx",
  "-Me",
  "--sender",
  "--daemon",
  "--secluded-args",
  "--protect-args",
  "--copy-dest=/etc",
  "--files-from=/etc/shadow",
  "-e",
])("but not %s", (flag) => {
  expect(isRsyncOfOurs(["--server", flag, ".", target], env)).toBe(false);
});
