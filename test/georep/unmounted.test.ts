import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { GsyncdPlace } from "./gsyncd-place.ts";

// A destination whose file system is not there is not filled in its mount point, which lies on another one, mostly the system's own.

const isRoot = process.geteuid?.() === 0;
const slow = { timeout: 60_000, interval: 100 };
const within = 600_000;

test.runIf(isRoot)(
  "a destination that is unmounted while it is written to, and one that is not mounted at the start: nothing is written until it is there",
  async () => {
    await using place = new GsyncdPlace();
    using disk = new Disk(place);
    disk.mount();
    const destination = join(place.destination, "copy");
    mkdirSync(destination);
    place.configure();
    writeFileSync(join(place.source, "before"), "1");
    await start(place, destination);
    await equal(place, destination);

    disk.unmount();
    writeFileSync(join(place.source, "meanwhile"), "2");
    await refused(place, "nothing of this session is there");
    expect(readdirSync(place.destination)).toEqual([]);

    disk.mount();
    await equal(place, destination);

    await stop(place);
    disk.unmount();
    await start(place, destination);
    await refused(place, "nothing of this session is there");
    expect(readdirSync(place.destination)).toEqual([]);
    disk.mount();
    writeFileSync(join(place.source, "after"), "3");
    await equal(place, destination);
  },
  within,
);

test.runIf(isRoot)(
  "another disk in the place of a destination is refused, empty or with another copy, until accept-destination says that it is right",
  async () => {
    await using place = new GsyncdPlace();
    using first = new Disk(place, "first");
    using second = new Disk(place, "second");
    place.configure();
    writeFileSync(join(place.source, "file"), "1");
    first.mount();
    await start(place);
    await equal(place);

    first.unmount();
    second.mount();
    await refused(place, "nothing of this session is there");
    expect(existsSync(join(place.destination, ".belay-georep"))).toBe(false);
    place.configure({ "accept-destination": "true" });
    await equal(place);

    place.configure();
    second.unmount();
    first.mount();
    writeFileSync(join(place.source, "new"), "2");
    await refused(place, "it is another copy");
    expect(existsSync(join(place.destination, "new"))).toBe(false);
    first.unmount();
    second.mount();
    await equal(place);
  },
  within,
);

test.runIf(isRoot)(
  "a copy that moves to another disk with what is remembered there, and one that is removed on its own, need nobody",
  async () => {
    await using place = new GsyncdPlace();
    using first = new Disk(place, "first");
    using second = new Disk(place, "second");
    place.configure();
    writeFileSync(join(place.source, "file"), "1");
    first.mount();
    await start(place);
    await equal(place);
    await stop(place);
    const aside = place.file("aside");
    execFileSync("cp", ["-a", place.destination, aside]);
    first.unmount();
    second.mount();
    execFileSync("cp", ["-a", `${aside}/.`, place.destination]);
    await start(place);
    writeFileSync(join(place.source, "new"), "2");
    await equal(place);

    await stop(place);
    for (const name of readdirSync(place.destination)) {
      if (name === ".belay-georep") rmSync(join(place.destination, name), { recursive: true });
      else renameSync(join(place.destination, name), join(place.destination, `${name}.moved`));
    }
    await start(place);
    await equal(place);
  },
  within,
);

/** A file system in an image of the test's own, for the destination. */
class Disk implements Disposable {
  readonly #image: string;
  readonly #point: string;

  constructor(place: GsyncdPlace, name = "disk") {
    this.#image = place.file(`${name}.img`);
    this.#point = place.destination;
    execFileSync("truncate", ["-s", "32M", this.#image]);
    execFileSync("mkfs.ext4", ["-q", this.#image]);
  }

  mount(): void {
    execFileSync("mount", ["-o", "loop", this.#image, this.#point]);
    rmSync(join(this.#point, "lost+found"), { recursive: true, force: true });
  }

  /** Whoever has something open there goes on with it. */
  unmount(): void {
    execFileSync("umount", ["--lazy", this.#point]);
  }

  [Symbol.dispose](): void {
    // One that was unmounted stays for as long as somebody has something open there, without being at its place.
    const isThere = execFileSync("losetup", ["--associated", this.#image]).length > 0;
    if (isThere && spawnSync("findmnt", [this.#point]).status === 0) this.unmount();
  }
}

const fault = (place: GsyncdPlace) => place.extra()["monitor"];

async function start(place: GsyncdPlace, destination = place.destination): Promise<void> {
  expect(await place.call("monitor", place.source, destination, "-c", place.config)).toMatchObject({
    code: 0,
    err: "",
  });
}

async function stop(place: GsyncdPlace): Promise<void> {
  process.kill(Number(place.pid), "SIGTERM");
  await expect.poll(() => place.processes(), slow).toEqual([]);
}

async function refused(place: GsyncdPlace, why: string): Promise<void> {
  await expect
    .poll(() => fault(place), slow)
    .toMatchObject({
      state: "faulty",
      reason: "secondary",
      code: "EDESTINATIONCHANGED",
      lastError: expect.stringMatching(new RegExp(`was on ext4 .* at ${place.destination}, is on .* ${why}`)) as string,
      hint: expect.stringContaining("accept-destination") as string,
    });
}

async function equal(place: GsyncdPlace, destination = place.destination): Promise<void> {
  await expect.poll(() => place.differences(destination), slow).toEqual([]);
  await expect.poll(() => place.status()["worker_status"], slow).toBe("Active");
}
