import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { makePair } from "./replica.ts";

test.runIf(process.geteuid?.() === 0)(
  "what an ordinary user may not read is told and holds up nothing else; when it may, it is replicated and watched",
  () => {
    using pair = makePair();
    const { base, source, destination, state } = pair;
    const user = 65_534;
    fs.mkdirSync(state);
    for (const path of [base, source, destination, state]) fs.chownSync(path, user, user);
    const child = fileURLToPath(new URL("./closed-directories.child.ts", import.meta.url));
    const asUser = [`--reuid=${user}`, `--regid=${user}`, "--clear-groups", process.execPath, child];
    const told = execFileSync("setpriv", [...asUser, source, destination, state]).toString();
    expect(told).toBe("EACCES closed, EACCES secret\n\n");
    expect(pair.differences()).toEqual([]);
  },
  120_000,
);
