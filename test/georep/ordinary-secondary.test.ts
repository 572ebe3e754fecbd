import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { AT_FDCWD, lsetxattr, makedev, mknodat } from "@belay/linux";
import { expect, test } from "vitest";

import { ownFileSystem } from "./own-file-system.ts";
import { makePair, within } from "./replica.ts";

const program = fileURLToPath(new URL("../../packages/georep/src/secondary/secondary-main.ts", import.meta.url));
const user = 65_534;
const runAsUser = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups", process.execPath];
const asUser = [...runAsUser, program];

test.runIf(process.geteuid?.() === 0)(
  "an ordinary user receives what it may, and is told once what it may not",
  async () => {
    using pair = makePair();
    fs.chmodSync(pair.base, 0o755);
    fs.chownSync(pair.destination, user, user);
    const at = (name: string) => join(pair.source, name);
    fs.mkdirSync(at("d"));
    for (const name of ["d/a", "b", "c"]) fs.writeFileSync(at(name), name);
    fs.chownSync(at("b"), 1000, 1000);
    fs.chmodSync(at("b"), 0o6755);
    lsetxattr(at("c"), "trusted.t", Buffer.from("1"));
    lsetxattr(at("c"), "user.u", Buffer.from("1"));
    await using worker = await pair.start({ secondaryCommand: [...asUser, pair.destination] });
    await worker.checkpoint(within(30_000));
    const differing = new Set(pair.differences().map((line) => line.replace(/^.*": (\w+): .*$/s, "$1")));
    expect([...differing].sort()).toEqual(["mode", "owner", "xattrs"]);
    expect(fs.statSync(join(pair.destination, "b")).mode & 0o7777).toBe(0o755);
    expect(await worker.verify(within(30_000))).toEqual([]);
    mknodat(AT_FDCWD, at("null"), 0o020600, makedev(1, 3));
    fs.writeFileSync(at("later"), "not held up");
    await expect
      .poll(() => worker.retries().map(({ name, code }) => `${name.toString()} ${code}`), { timeout: 10_000 })
      .toEqual(["null EPERM"]);
    await expect.poll(() => fs.existsSync(join(pair.destination, "later"))).toBe(true);
    for (let i = 0; i < 2; i++) expect(await worker.verify(within(30_000))).toMatchObject([{ aspect: "missing" }]);
    // Tried so often that it has half a minute to wait: that it was removed has it looked at now.
    const [{ code, attempts } = { code: "", attempts: 0 }] = worker.retries();
    expect([code, attempts >= 8]).toEqual(["EDIFFERS", true]);
    fs.unlinkSync(at("null"));
    await worker.checkpoint(within(30_000));
    expect(worker.retries()).toEqual([]);
  },
);

test.runIf(process.geteuid?.() === 0)("an ordinary user is not kept out by the modes of its own copies", async () => {
  using pair = makePair();
  fs.chmodSync(pair.base, 0o755);
  fs.chownSync(pair.destination, user, user);
  const at = (name: string) => join(pair.source, name);
  for (const name of ["shut/deep", "gone/deep", "moved/deep", "blind", "none/deep"])
    fs.mkdirSync(at(name), { recursive: true });
  for (const name of ["shut/a", "shut/deep/a", "gone/a", "gone/deep/a", "moved/deep/a", "blind/a", "none/deep/a"])
    fs.writeFileSync(at(name), name);
  fs.writeFileSync(at("small"), "1", { mode: 0o400 });
  fs.linkSync(at("small"), at("shut/small"));
  fs.writeFileSync(at("large"), Buffer.alloc(400_000, 1), { mode: 0o200 });
  fs.linkSync(at("large"), at("shut/large"));
  for (const name of ["shut", "gone", "moved"]) for (const each of [`${name}/deep`, name]) fs.chmodSync(at(each), 0o555); // prettier-ignore
  fs.chmodSync(at("blind"), 0o311);
  fs.chmodSync(at("none"), 0);
  own(pair.source);
  {
    await using worker = await pair.start({ secondaryCommand: [...asUser, pair.destination] });
    await worker.checkpoint(within(30_000));
    expect(pair.differences()).toEqual([]);
    fs.writeFileSync(at("shut/deep/new"), "2");
    fs.unlinkSync(at("shut/a"));
    fs.rmSync(at("gone"), { recursive: true });
    fs.renameSync(at("moved"), at("shut/moved"));
    fs.writeFileSync(at("none/deep/b"), "2");
    fs.writeFileSync(at("small"), "22");
    lsetxattr(at("small"), "user.u", Buffer.from("1"));
    fs.writeFileSync(at("large"), Buffer.alloc(400_000, 2));
    own(pair.source);
    await worker.checkpoint(within(30_000));
    expect(pair.differences()).toEqual([]);
  }
  fs.writeFileSync(at("blind/b"), "3");
  own(pair.source);
  await using worker = await pair.start({ secondaryCommand: [...asUser, pair.destination] });
  await worker.checkpoint(within(30_000));
  expect(await worker.verify(within(30_000))).toEqual([]);
  expect(pair.differences()).toEqual([]);
});

test.runIf(process.geteuid?.() === 0)("what is cut off gives an ordinary user's copies their modes back", () => {
  using pair = makePair();
  fs.chmodSync(pair.base, 0o755);
  using _ = ownFileSystem(pair.destination, "8m");
  const [command = "", ...rest] = runAsUser;
  const child = fileURLToPath(new URL("./given-back.child.ts", import.meta.url));
  const env = { ...process.env, TMPDIR: pair.destination };
  const { status, stderr } = spawnSync(command, [...rest, child], { env, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  expect(fs.readdirSync(pair.destination)).toEqual([]);
});

test.runIf(process.geteuid?.() === 0)(
  "what somebody else has shut at the destination fails name by name, and holds up nothing else",
  async () => {
    using pair = makePair();
    fs.chmodSync(pair.base, 0o755);
    for (const root of [pair.source, pair.destination]) fs.mkdirSync(join(root, "d/shut/deep"), { recursive: true });
    fs.chmodSync(join(pair.destination, "d/shut"), 0o700);
    fs.chownSync(pair.destination, user, user);
    for (const name of ["a", "d/shut/b", "d/shut/deep/c"]) fs.writeFileSync(join(pair.source, name), name);
    own(pair.source);
    await using worker = await pair.start({ secondaryCommand: [...asUser, pair.destination] });
    const failed = () =>
      worker
        .retries()
        .map(({ path, code }) => `${path?.toString() ?? ""} ${code}`)
        .sort();
    const shut = ["d/shut/b EACCES", "d/shut/deep EACCES"];
    await expect.poll(failed).toEqual(expect.arrayContaining(shut));
    fs.writeFileSync(join(pair.source, "later"), "2");
    await expect.poll(() => fs.existsSync(join(pair.destination, "later"))).toBe(true);
    for (const root of [pair.source, pair.destination]) own(root);
    worker.retryNow();
    await worker.checkpoint(within(30_000));
    expect(pair.differences()).toEqual([]);
  },
);

function own(path: string): void {
  for (const name of ["", ...fs.readdirSync(path, { recursive: true, encoding: "utf8" })])
    fs.lchownSync(join(path, name), user, user);
}
