import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { defaultPolicy } from "../../packages/georep/src/policy/policy.ts";
import { makePair, within } from "./replica.ts";

// `sync-jobs`: large files on their way at the same time.

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const secondary = path("../../packages/georep/src/secondary/secondary-main.ts");

/** Milliseconds until many files that do not travel with their names are at the end of a long line. */
async function timeOver(jobs: number, delayMs: number): Promise<number> {
  using pair = makePair();
  const command = [process.execPath, path("slow-line.child.ts"), String(delayMs)];
  await using worker = await pair.start({
    policy: { ...defaultPolicy, jobs },
    secondaryCommand: [...command, process.execPath, secondary, pair.destination],
  });
  await worker.checkpoint(within(30_000));
  const before = performance.now();
  for (let i = 0; i < 12; i++) fs.writeFileSync(join(pair.source, `f${i}`), randomBytes(200_000));
  await worker.checkpoint(within(60_000));
  const took = performance.now() - before;
  expect(pair.differences()).toEqual([]);
  return took;
}

test("over a long line several files on their way at once need far less time than one after the other", async () => {
  const delayMs = 150;
  const alone = await timeOver(1, delayMs);
  expect(alone).toBeGreaterThan(12 * 2 * delayMs);
  expect(await timeOver(12, delayMs)).toBeLessThan(alone / 2);
});

test.each(["rsync", "tarssh"] as const)(
  "%s: as many processes as there may be jobs share large files among them, and the limit of bandwidth",
  async (engine) => {
    using pair = makePair();
    const log = join(pair.base, "log");
    const wrapper = join(pair.base, "program");
    const real = engine === "rsync" ? "rsync" : "tar";
    // What packs or sends notes its begin, waits until there are three of them, and a moment for one more.
    const script = [
      "#!/bin/sh",
      `case "$*" in *-xf*) exec ${real} "$@";; esac`,
      `echo "begin $*" >>${log}`,
      `for i in $(seq 200); do [ $(grep -c begin ${log}) -ge 3 ] && break; sleep 0.1; done`,
      `sleep 1; echo end >>${log}`,
      `exec ${real} "$@"`,
    ].join("\n");
    fs.writeFileSync(wrapper, script, { mode: 0o755 });
    for (let i = 0; i < 5; i++) fs.writeFileSync(join(pair.source, `f${i}`), randomBytes(9_000_000));
    const programs = { ...defaultPolicy.programs, rsync: wrapper, tar: wrapper };
    const bandwidth = () => 300_000_000;
    await using worker = await pair.start({ policy: { ...defaultPolicy, engine, jobs: 3, programs, bandwidth } });
    await worker.checkpoint(within(60_000));
    expect(pair.differences()).toEqual([]);
    const lines = fs.readFileSync(log, "utf8").trim().split("\n");
    const kinds = lines.map((line) => line.split(" ")[0]);
    expect(kinds).toEqual(["begin", "begin", "begin", "end", "end", "end"]);
    if (engine === "rsync") expect(lines[0]).toContain(`--bwlimit=${Math.floor(100_000_000 / 1024)}`);
  },
);
