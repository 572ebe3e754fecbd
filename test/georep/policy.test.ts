import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";

import { lgetxattr, lsetxattr } from "@belay/linux";
import { expect, test } from "vitest";

import { defaultPolicy } from "../../packages/georep/src/policy/policy.ts";
import { acl, RandomWriter } from "./random-writer.ts";
import { makePair, within } from "./replica.ts";

const mine = Buffer.from("of the destination");
const access = "system.posix_acl_access";

test.for([
  { syncXattrs: false, syncAcls: true },
  { syncXattrs: true, syncAcls: false },
  { syncXattrs: false, syncAcls: false },
])("attributes that are not replicated are left alone: %j", async (switches) => {
  using pair = makePair();
  const [file, copy] = [join(pair.source, "f"), join(pair.destination, "f")];
  fs.writeFileSync(file, "1");
  lsetxattr(file, "user.a", Buffer.from("of the source"));
  lsetxattr(file, access, acl(5));
  await using worker = await pair.start({ policy: { ...defaultPolicy, ...switches } });
  await worker.checkpoint(within(30_000));
  expect(lgetxattr(copy, "user.a") !== undefined).toBe(switches.syncXattrs);
  expect(lgetxattr(copy, access) !== undefined).toBe(switches.syncAcls);
  lsetxattr(copy, "user.mine", mine);
  fs.chmodSync(file, 0o640);
  await worker.checkpoint(within(30_000));
  expect(lgetxattr(copy, "user.mine")).toEqual(switches.syncXattrs ? undefined : mine);
});

test.for(["none", "zstd"] as const)("a limit of bandwidth holds for what is sent (compress: %s)", async (compress) => {
  using pair = makePair();
  const size = 3_000_000;
  // Half of it does not shrink.
  fs.writeFileSync(join(pair.source, "large"), Buffer.concat([randomBytes(size / 2), Buffer.alloc(size / 2, "x")]));
  let rate: number | undefined = 1_000_000;
  await using worker = await pair.start({ policy: { ...defaultPolicy, compress, bandwidth: () => rate } });
  const start = performance.now();
  await worker.checkpoint(within(30_000));
  const seconds = (performance.now() - start) / 1000;
  expect(seconds).toBeGreaterThan(compress === "none" ? 2.8 : 1.3);
  rate = undefined;
  fs.writeFileSync(join(pair.source, "more"), randomBytes(size * 5));
  const again = performance.now();
  await worker.checkpoint(within(30_000));
  expect((performance.now() - again) / 1000).toBeLessThan(12);
  expect(pair.differences()).toEqual([]);
});

test("compressed, trees become equal all the same", async () => {
  using pair = makePair();
  const writer = new RandomWriter(pair.source, Date.now() % 100_000);
  for (let i = 0; i < 300; i++) writer.step();
  await using worker = await pair.start({ policy: { ...defaultPolicy, compress: "zstd" } });
  for (let i = 0; i < 300; i++) writer.step();
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
});
