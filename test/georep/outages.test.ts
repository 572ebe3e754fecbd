import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { GsyncdPlace, gsyncd, killIfThere } from "./gsyncd-place.ts";
import { NetworkNamespace } from "./network-namespace.ts";
import { Sshd } from "./sshd.ts";

// What goes wrong outside of our processes: each time it recovers by itself when that is over, and says meanwhile what is the matter.

const isRoot = process.geteuid?.() === 0;
const slow = { timeout: 60_000, interval: 100 };
const within = 600_000;
const silence = { "secondary-timeout": "3" };

const fault = (place: GsyncdPlace) => place.extra()["monitor"];
const restarts = (place: GsyncdPlace) => (fault(place) as { restarts: number }).restarts;

function write(place: GsyncdPlace, name: string, content: string | Buffer): void {
  writeFileSync(join(place.source, name), content);
}

async function started(place: GsyncdPlace, url = place.destination): Promise<void> {
  const { code, err } = await place.call("monitor", place.source, url, "-c", place.config);
  expect([code, err]).toEqual([0, ""]);
  await recovered(place);
}

async function recovered(place: GsyncdPlace): Promise<void> {
  await expect.poll(() => place.differences(), slow).toEqual([]);
  await expect.poll(() => place.status()["worker_status"], slow).toBe("Active");
}

test.runIf(isRoot)(
  "the network is cut for longer than the timeout: the connection is given up at both ends, and made again when the network is back",
  async () => {
    await using place = new GsyncdPlace();
    await using network = await NetworkNamespace.start();
    const env = ["BELAY_RUN_DIR", "BELAY_LOG_DIR", "GLUSTERD_WORKDIR"].map(
      (name) => `${name}=${place.env[name] ?? ""}`,
    );
    const onlyRoot = `--only-root=${place.destination}`;
    const forced = ["env", ...env, gsyncd, onlyRoot].join(" ");
    await using sshd = await Sshd.start(place.file("ssh"), forced, network.place);
    const ssh = { "ssh-command": "/usr/bin/ssh", "ssh-options": sshd.options.join(" "), "ssh-port": String(sshd.port) };
    place.configure({ ...silence, ...ssh });
    write(place, "before", "1");
    await started(place, `ssh://${sshd.host}:file://${place.destination}`);
    const receiving = place.processes(onlyRoot);
    expect(receiving).toHaveLength(1);

    network.cut();
    write(place, "meanwhile", "2");
    const lost = { reason: "connection", lastError: expect.stringContaining("no answer from the secondary") as string };
    await expect.poll(() => fault(place), slow).toMatchObject(lost);
    await expect.poll(() => fault(place), slow).toMatchObject({ reason: "unreachable", state: "faulty" });
    await expect.poll(() => place.processes(onlyRoot), slow).not.toEqual(receiving);

    network.mend();
    await recovered(place);
    await expect.poll(() => place.processes(onlyRoot), slow).toHaveLength(1);
  },
  within,
);

test.each(["secondary", "worker", "agent", "monitor"])(
  "%s held for longer than the timeout",
  async (role) => {
    await using place = new GsyncdPlace();
    place.configure(silence);
    write(place, "before", "1");
    await started(place);
    const [held = NaN] = place.processes(role);
    killIfThere(held, "SIGSTOP");
    write(place, "meanwhile", "2");
    const silent = {
      state: "waiting",
      lastError: expect.stringMatching(/^no answer from the secondary for \d+ s$/) as string,
    };
    if (role === "secondary") await expect.poll(() => place.extra()["worker"], slow).toMatchObject(silent);
    await sleep(7000);
    // What only waits for a file, or for a child, is not missed; the two ends of a connection miss each other.
    if (role === "secondary") await expect.poll(() => restarts(place), slow).toBeGreaterThan(0);
    if (role === "agent") expect(restarts(place)).toBe(0);
    killIfThere(held, "SIGCONT");
    await recovered(place);
    write(place, "after", "3");
    await recovered(place);
  },
  within,
);

test(
  "ssh held for longer than the timeout: both ends give the connection up, and the status says why",
  async () => {
    await using place = new GsyncdPlace();
    const onlyRoot = `--only-root=${place.destination}`;
    const env = ["BELAY_RUN_DIR", "BELAY_LOG_DIR", "GLUSTERD_WORKDIR"].map(
      (name) => `${name}=${place.env[name] ?? ""}`,
    );
    const forced = ["env", ...env, gsyncd, onlyRoot].join(" ");
    await using sshd = await Sshd.start(place.file("ssh"), forced);
    const ssh = { "ssh-command": "/usr/bin/ssh", "ssh-options": sshd.options.join(" "), "ssh-port": String(sshd.port) };
    place.configure({ ...silence, ...ssh });
    write(place, "before", "1");
    await started(place, `ssh://${sshd.host}:file://${place.destination}`);
    const receiving = place.processes(onlyRoot);
    for (const pid of place.processes("-oBatchMode=yes")) killIfThere(pid, "SIGSTOP");
    write(place, "meanwhile", "2");
    const lost = { reason: "connection", lastError: expect.stringContaining("no answer from the secondary") as string };
    await expect.poll(() => fault(place), slow).toMatchObject(lost);
    await recovered(place);
    await expect.poll(() => place.processes(onlyRoot), slow).toHaveLength(1);
    expect(place.processes(onlyRoot)).not.toEqual(receiving);
  },
  within,
);

test.runIf(isRoot)(
  "a destination that is full, and one that became read-only",
  async () => {
    await using place = new GsyncdPlace();
    using _mounted = mountedTmpfs(place.destination);
    place.configure();
    write(place, "before", "1");
    await started(place);

    const filler = join(place.destination, ".belay-georep/filler");
    writeFileSync(filler, Buffer.alloc(7_000_000, 1));
    for (let i = 0; i < 10; i++) write(place, `f${i}`, Buffer.alloc(200_000, i));
    await expect.poll(() => JSON.stringify(place.extra()), slow).toMatch(/ENOSPC|database or disk is full/);
    unlinkSync(filler);
    await recovered(place);

    // As long as the receiving end has files open the kernel refuses: it is ended until there is a moment.
    await expect.poll(() => becomesReadOnly(place), { ...slow, interval: 5 }).toBe(true);
    write(place, "meanwhile", "2");
    await expect
      .poll(() => fault(place), slow)
      .toMatchObject({
        state: "faulty",
        reason: "secondary",
        lastError: expect.stringMatching(/EROFS|read-?only/i) as string,
      });
    execFileSync("mount", ["-o", "remount,rw", place.destination]);
    await recovered(place);
  },
  within,
);

test(
  "a source that is moved away, and comes back",
  async () => {
    await using place = new GsyncdPlace();
    place.configure();
    write(place, "before", "1");
    await started(place);
    renameSync(place.source, `${place.source}.moved`);
    const gone = expect.stringMatching(/the source .* is gone/) as string;
    await expect.poll(() => fault(place), slow).toMatchObject({ state: "faulty", reason: "source", lastError: gone });
    renameSync(`${place.source}.moved`, place.source);
    write(place, "after", "2");
    await recovered(place);
  },
  within,
);

test(
  "a destination that is removed, and one that is moved away, while it is written to",
  async () => {
    await using place = new GsyncdPlace();
    place.configure();
    write(place, "before", "1");
    await started(place);
    rmSync(place.destination, { recursive: true });
    write(place, "removed", "2");
    // It is made anew; how long that was to be seen is a matter of moments.
    await recovered(place);
    const gone = expect.stringMatching(/dst is (?:gone|another directory now)/) as string;
    await expect.poll(() => fault(place), slow).toMatchObject({ lastError: gone });
    expect(restarts(place)).toBeGreaterThan(0);
    renameSync(place.destination, `${place.destination}.moved`);
    write(place, "moved", "3");
    await recovered(place);
    expect(existsSync(join(`${place.destination}.moved`, "removed"))).toBe(true);
    rmSync(join(place.destination, ".belay-georep"), { recursive: true });
    write(place, "without its state", Buffer.alloc(300_000, 4));
    await recovered(place);
  },
  within,
);

test.runIf(isRoot)(
  "a full disk of journal and queue",
  async () => {
    await using place = new GsyncdPlace();
    using _mounted = mountedTmpfs(place.file("working"));
    place.configure();
    write(place, "before", "1");
    await started(place);
    const filler = join(place.file("working"), "filler");
    fillUp(filler);
    for (let i = 0; i < 400; i++) write(place, `name ${i} ${"x".repeat(200)}`, "2");
    // Which of the two needs room first is a matter of moments: the worker's queue, or the journal, whose changes wait in memory then.
    await expect.poll(() => JSON.stringify(place.extra()), slow).toMatch(/ENOSPC|no space left/i);
    await expect.poll(() => place.extra()["worker"], slow).not.toMatchObject({ lagSeconds: 0 });
    const { reason, hint } = fault(place) as { reason?: string; hint?: string };
    if (reason !== undefined) expect([reason, hint]).toEqual(["state", expect.stringContaining("working-dir")]);
    unlinkSync(filler);
    await recovered(place);
  },
  within,
);

function fillUp(path: string): void {
  const fd = openSync(path, "w");
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096, 1));
  } catch {
    // Not a byte more goes in.
  } finally {
    closeSync(fd);
  }
}

function mountedTmpfs(path: string): Disposable {
  mkdirSync(path, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", path]);
  return { [Symbol.dispose]: () => execFileSync("umount", ["-l", path]) };
}

function becomesReadOnly(place: GsyncdPlace): boolean {
  for (const pid of place.processes("secondary")) killIfThere(pid, "SIGKILL");
  try {
    execFileSync("mount", ["-o", "remount,ro", place.destination], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
