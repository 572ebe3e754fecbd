import { execFileSync } from "node:child_process";
import { mkdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { compareTrees } from "../../packages/georep/src/index.ts";
import { makePlace, matching, type Place } from "./place.ts";

const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot)(
  "a checkpoint that is not complete in time says what keeps it: a destination that is full, or read-only",
  async () => {
    await using place = makePlace();
    mkdirSync(place.destination);
    using _small = mounted(place);
    writeFileSync(join(place.source, "f"), "1");
    expect(await place.georep("create", "src", "dst")).toMatchObject({ code: 0 });
    expect(await place.georep("start", "src")).toMatchObject({ code: 0 });
    expect(await place.georep("checkpoint", "src", "--timeout", "60")).toMatchObject({ code: 0 });

    writeFileSync(join(place.source, "big"), Buffer.alloc(8 * 1024 * 1024, "x"));
    expect(await place.georep("checkpoint", "src", "--timeout", "8")).toMatchObject({
      code: 1,
      err: matching(
        /not complete yet: timed out after 8 s: waiting \(.*ENOSPC.*\n +hint: it stays set: belay georep status/,
      ),
    });
    unlinkSync(join(place.source, "big"));
    expect(await place.georep("checkpoint", "src", "--timeout", "60")).toMatchObject({ code: 0 });

    await place.georep("stop", "src");
    execFileSync("mount", ["-o", "remount,ro", place.destination]);
    await place.georep("start", "src", "--no-wait");
    await expect.poll(() => place.status(), { timeout: 60_000 }).toMatchObject({ state: "faulty" });
    writeFileSync(join(place.source, "later"), "2");
    const { code, err } = await place.georep("checkpoint", "src", "--timeout", "8", "--json");
    expect(code).toBe(1);
    const last: unknown = JSON.parse(err.trim().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ error: { code: "ETIMEDOUT", message: matching(/EROFS|read-only/) } });
    execFileSync("mount", ["-o", "remount,rw", place.destination]);
    expect(await place.georep("checkpoint", "src", "--timeout", "60")).toMatchObject({ code: 0 });
    expect(compareTrees(place.source, place.destination)).toEqual([]);
    await place.georep("stop", "src");
  },
  600_000,
);

function mounted({ destination }: Place): Disposable {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "none", destination]);
  return { [Symbol.dispose]: () => execFileSync("umount", ["--lazy", destination]) };
}
