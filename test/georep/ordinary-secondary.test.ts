import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { AT_FDCWD, lsetxattr, makedev, mknodat } from "@belay/linux";
import { expect, test } from "vitest";

import { makePair, within } from "./replica.ts";

const program = fileURLToPath(new URL("../../packages/georep/src/secondary/secondary-main.ts", import.meta.url));
const user = 65_534;
const asUser = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups", process.execPath, program];

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
    await worker.checkpoint(within(20_000));
    const differing = new Set(pair.differences().map((line) => line.replace(/^.*": (\w+): .*$/s, "$1")));
    expect([...differing].sort()).toEqual(["mode", "owner", "xattrs"]);
    expect(fs.statSync(join(pair.destination, "b")).mode & 0o7777).toBe(0o755);
    expect(await worker.verify(within(20_000))).toEqual([]);
    mknodat(AT_FDCWD, at("null"), 0o020600, makedev(1, 3));
    fs.writeFileSync(at("later"), "not held up");
    await expect
      .poll(() => worker.retries().map(({ name, code }) => `${name.toString()} ${code}`), { timeout: 10_000 })
      .toEqual(["null EPERM"]);
    await expect.poll(() => fs.existsSync(join(pair.destination, "later")), { timeout: 10_000 }).toBe(true);
    fs.unlinkSync(at("null"));
    worker.retryNow();
    await worker.checkpoint(within(20_000));
    expect(worker.retries()).toEqual([]);
  },
);
