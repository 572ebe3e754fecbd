import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { makePlace, matching, type Place } from "./place.ts";

// Where a destination was that is not mounted is remembered from the moment the session is created.

vi.setConfig({ testTimeout: 180_000 });

const slow = { timeout: 60_000, interval: 200 };
const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot)(
  "a destination that is unmounted before the first start is not filled in its mount point",
  async () => {
    await using place = makePlace();
    using disk = new Disk(place);
    disk.mount();
    writeFileSync(join(place.source, "file"), "1");
    expect(await place.georep("create", "src", "disk/copy")).toMatchObject({ code: 0, err: "" });
    disk.unmount();
    expect(await place.georep("start", "src", "--no-wait")).toMatchObject({ code: 0 });
    await expect
      .poll(() => place.status(), slow)
      .toMatchObject({
        lastError: matching(/was on tmpfs at .*, is on .* nothing was written to it yet/),
        hint: matching(/mount what belongs/),
      });
    expect(readdirSync(disk.path)).toEqual([]);

    disk.mount();
    await expect.poll(async () => (await place.status())["state"], slow).toBe("active");
    expect(await place.georep("checkpoint", "src", "--timeout", "60")).toMatchObject({ code: 0 });
    expect(readdirSync(join(disk.path, "copy")).sort()).toEqual([".belay-georep", "file"]);
  },
);

test.runIf(isRoot)("a destination that create was not to look at is filled where it is", async () => {
  await using place = makePlace();
  using disk = new Disk(place);
  disk.mount();
  writeFileSync(join(place.source, "file"), "1");
  expect(await place.georep("create", "src", "disk/copy", "--no-verify")).toMatchObject({ code: 0, err: "" });
  disk.unmount();
  expect(await place.georep("start", "src")).toMatchObject({ code: 0, err: "" });
  await expect.poll(() => existsSync(join(disk.path, "copy", "file")), slow).toBe(true);
});

class Disk {
  readonly path: string;

  constructor(place: Place) {
    this.path = join(place.path, "disk");
    mkdirSync(this.path);
  }

  mount(): void {
    execFileSync("mount", ["-t", "tmpfs", "none", this.path]);
  }

  unmount(): void {
    execFileSync("umount", ["-l", this.path]);
  }

  [Symbol.dispose](): void {
    spawnSync("umount", ["-l", this.path]);
  }
}
