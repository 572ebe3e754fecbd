import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";

import { lgetxattr, lsetxattr } from "@belay/linux";
import { expect, test } from "vitest";

import { defaultPolicy } from "../../packages/georep/src/policy/policy.ts";
import { makePair, within, type Pair } from "./replica.ts";

// Attributes that are not replicated are those of the destination: nothing that we do takes them away, or keeps them from coming.

const policy = { ...defaultPolicy, syncXattrs: false, syncAcls: false };
const access = "system.posix_acl_access";
const byDefault = "system.posix_acl_default";
const defaults = (path: string): unknown => execFileSync("setfacl", ["-d", "-m", "u:1000:rwx,g:100:r,o::-", path]);

test("a file that gets another content keeps the attributes and the ACL that it has at the destination", async () => {
  using pair = makePair();
  const sizes = { small: 10, medium: 200_000 };
  for (const [name, size] of Object.entries(sizes)) fs.writeFileSync(join(pair.source, name), Buffer.alloc(size, 1));
  await using worker = await pair.start({ policy });
  await worker.checkpoint(within(30_000));
  for (const name of Object.keys(sizes)) {
    lsetxattr(join(pair.destination, name), "user.mine", Buffer.from(name));
    execFileSync("setfacl", ["-m", "u:1000:r", join(pair.destination, name)]);
  }
  for (const [name, size] of Object.entries(sizes)) fs.writeFileSync(join(pair.source, name), Buffer.alloc(size, 2));
  await worker.checkpoint(within(30_000));
  for (const name of Object.keys(sizes)) {
    const copy = join(pair.destination, name);
    expect(fs.readFileSync(copy)[0]).toBe(2);
    expect(lgetxattr(copy, "user.mine")).toEqual(Buffer.from(name));
    expect(execFileSync("getfacl", ["-cn", copy]).toString()).toContain("user:1000:r--");
    expect(fs.statSync(copy).mode & 0o7777).toBe(fs.statSync(join(pair.source, name)).mode & 0o7777);
  }
});

test.each(["before", "later on"])(
  "what is new gets the ACL that its directory at the destination hands on, as if it had been made there (set %s)",
  async (when) => {
    using pair = makePair();
    fs.mkdirSync(join(pair.source, "d"));
    if (when === "before") defaults(pair.destination);
    await using worker = await pair.start({ policy });
    await worker.checkpoint(within(30_000));
    if (when === "later on") defaults(pair.destination);
    defaults(join(pair.destination, "d"));
    for (const top of ["", "d"]) build(join(pair.source, top));
    await worker.checkpoint(within(30_000));
    compare(pair);
    for (const top of ["", "d"]) fs.rmSync(join(pair.destination, top, "tree"), { recursive: true });
    worker.resync(Buffer.alloc(0));
    await worker.checkpoint(within(30_000));
    compare(pair);
    expect(fs.readdirSync(join(pair.destination, ".belay-georep/test/conflicts"))).toEqual([]);
  },
);

test("with ACLs replicated nothing of that is to be seen", async () => {
  using pair = makePair();
  defaults(pair.destination);
  build(pair.source);
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
});

const made = ["tree", "tree/deep", "tree/deep/file", "tree/file", "file", "shut", "large", "fifo"];

function build(path: string): void {
  fs.mkdirSync(join(path, "tree/deep"), { recursive: true, mode: 0o755 });
  for (const name of ["file", "tree/file", "tree/deep/file"]) fs.writeFileSync(join(path, name), name);
  fs.writeFileSync(join(path, "shut"), "", { mode: 0o600 });
  fs.writeFileSync(join(path, "large"), Buffer.alloc(300_000, 1));
  execFileSync("mkfifo", [join(path, "fifo")]);
  fs.symlinkSync("file", join(path, "link"));
}

/** Beside a tree that is made in a directory with the same default ACL, with the same modes. */
function compare({ base, source, destination }: Pair): void {
  const reference = join(base, "reference");
  fs.rmSync(reference, { recursive: true, force: true });
  fs.mkdirSync(reference);
  defaults(reference);
  build(reference);
  for (const name of made) {
    fs.chmodSync(join(reference, name), fs.statSync(join(source, name)).mode & 0o7777);
    for (const top of ["", "d"]) {
      const copy = join(destination, top, name);
      for (const attribute of [access, byDefault])
        expect(lgetxattr(copy, attribute), `${attribute} of ${copy}`).toEqual(
          lgetxattr(join(reference, name), attribute),
        );
      expect(fs.statSync(copy).mode).toBe(fs.statSync(join(source, top, name)).mode);
    }
  }
}
