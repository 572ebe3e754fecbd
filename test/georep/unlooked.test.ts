import * as fs from "node:fs";
import { join } from "node:path";

import { lremovexattr, lsetxattr } from "@belay/linux";
import { expect, test, vi } from "vitest";

import { defaultPolicy } from "../../packages/georep/src/policy/policy.ts";
import { ownFileSystem } from "./own-file-system.ts";
import { makePair, within } from "./replica.ts";

// Where nothing is deleted, what has lost its name stays until it is known where it is now.
const keeping = { policy: { ...defaultPolicy, ignoreDeletes: true } };

/** One more than a message holds: what has as many cannot be looked at. */
const tooMany = 4097;
const nothing = Buffer.alloc(0);

test.runIf(process.geteuid?.() === 0)(
  "a directory that was moved and changed while nobody watched, and could not be looked at then, is compared when it can be",
  async () => {
    using pair = makePair();
    const at = (...names: string[]) => join(pair.source, ...names);
    using _roomy = ownFileSystem(pair.source); // where a file may have that many attributes
    fs.mkdirSync(at("old/moved/deep"), { recursive: true });
    fs.writeFileSync(at("old/moved/deep/file"), "1");
    {
      await using worker = await pair.start(keeping);
      await worker.checkpoint(within(10_000));
    }
    fs.writeFileSync(at("old/moved/deep/file"), "changed");
    fs.writeFileSync(at("old/moved/deep/another"), "new");
    fs.mkdirSync(at("new"));
    fs.renameSync(at("old/moved"), at("new/moved"));
    for (let index = 0; index < tooMany; index++) lsetxattr(at("new/moved"), `user.${index}`, nothing);
    await using worker = await pair.start(keeping);
    const failed = () => worker.retries().map(({ code, path }) => `${code} ${String(path)}`);
    await vi.waitFor(() => expect(failed()).toEqual(["E2BIG new/moved"]), 10_000);
    for (let index = 0; index < tooMany; index++) lremovexattr(at("new/moved"), `user.${index}`);
    await worker.checkpoint(within(20_000));
    expect(pair.differences()).toEqual([]);
  },
  60_000,
);
