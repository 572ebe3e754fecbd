import * as fs from "node:fs";
import { join } from "node:path";

import { lgetxattr, lsetxattr } from "@belay/linux";
import { expect, test } from "vitest";

import { defaultPolicy } from "../../packages/georep/src/policy/policy.ts";
import { acl } from "./random-writer.ts";
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
  await worker.checkpoint(within(10_000));
  expect(lgetxattr(copy, "user.a") !== undefined).toBe(switches.syncXattrs);
  expect(lgetxattr(copy, access) !== undefined).toBe(switches.syncAcls);
  lsetxattr(copy, "user.mine", mine);
  fs.chmodSync(file, 0o640);
  await worker.checkpoint(within(10_000));
  expect(lgetxattr(copy, "user.mine")).toEqual(switches.syncXattrs ? undefined : mine);
});
