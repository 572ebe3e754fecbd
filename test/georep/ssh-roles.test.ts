import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { GsyncdPlace, killIfThere } from "./gsyncd-place.ts";
import { configureForSshd as configure, forced } from "./ssh-place.ts";
import { Sshd } from "./sshd.ts";

const slow = { timeout: 40_000, interval: 100 };
const within = 300_000;

function write(place: GsyncdPlace, name: string, text: string): void {
  writeFileSync(join(place.source, name), text);
}

const fault = (place: GsyncdPlace) => place.extra()["monitor"];

test(
  "through sshd with a key that may only run gsyncd, for one folder: changes follow, a cut connection is made again, nothing stays",
  async () => {
    await using place = new GsyncdPlace();
    await using sshd = await Sshd.start(place.file("ssh"), forced(place, `--only-root=${place.destination}`));
    configure(place, sshd);
    write(place, "before", "1");
    const url = `ssh://${sshd.host}:file://${place.destination}`;
    expect((await place.call("monitor", place.source, url, "-c", place.config)).err).toBe("");
    await expect.poll(() => place.status()["worker_status"], slow).toBe("Active");
    expect(place.status()["secondary_node"]).toBe("127.0.0.1");
    await expect.poll(() => place.differences(), slow).toEqual([]);

    await sshd.cut();
    await expect.poll(() => place.status()["worker_status"], slow).toBe("Faulty");
    write(place, "meanwhile", "2");
    await expect
      .poll(() => fault(place), slow)
      .toMatchObject({
        reason: "unreachable",
        hint: expect.stringContaining("ssh-port") as string,
      });
    await sshd.listen();
    await expect.poll(() => place.differences(), slow).toEqual([]);
    await expect.poll(() => place.status()["worker_status"], slow).toBe("Active");

    killIfThere(-(place.pid ?? NaN), "SIGTERM");
    await expect.poll(() => place.processes(), slow).toEqual([]);
    expect(readdirSync(place.file("tmp"))).toEqual([]);
    expect(existsSync(place.pidFile)).toBe(false);
  },
  within,
);

test.each([
  ["host-key", (sshd: Sshd) => sshd.knowHost(readFileSync(sshd.file("user.pub"), "utf8")), /Host key verification/],
  ["permission", (sshd: Sshd) => writeFileSync(sshd.file("authorized"), ""), /Permission denied/],
  ["no-program", (sshd: Sshd) => sshd.restrict(undefined), /exit code 127/],
  [
    "refused",
    (sshd: Sshd, place: GsyncdPlace) => sshd.restrict(forced(place, "--only-root=/nowhere/else")),
    /this key is for/,
  ],
  [
    "refused",
    (sshd: Sshd, place: GsyncdPlace) => sshd.restrict(forced(place, "--only-session=another")),
    /another session/,
  ],
] as const)(
  "what ssh says becomes a reason with a hint: %s",
  async (reason, spoil, message) => {
    await using place = new GsyncdPlace();
    await using sshd = await Sshd.start(place.file("ssh"), forced(place));
    configure(place, sshd);
    spoil(sshd, place);
    const url = `${sshd.host}:${place.destination}`;
    expect((await place.call("monitor", place.source, url, "-c", place.config)).code).toBe(0);
    await expect.poll(() => place.status()["worker_status"], slow).toBe("Faulty");
    expect(fault(place)).toMatchObject({
      reason,
      code: "ESECONDARY",
      lastError: expect.stringMatching(message) as string,
      hint: expect.any(String) as string,
    });
    expect(readdirSync(place.destination)).toEqual([]);
  },
  within,
);

test(
  "a key that is for a folder does not lead out of it through a link in it",
  async () => {
    await using place = new GsyncdPlace();
    mkdirSync(place.file("outside"));
    symlinkSync(place.file("outside"), join(place.destination, "link"));
    await using sshd = await Sshd.start(place.file("ssh"), forced(place, `--only-root=${place.destination}`));
    configure(place, sshd);
    const url = `${sshd.host}:${place.destination}/link`;
    expect((await place.call("monitor", place.source, url, "-c", place.config)).code).toBe(0);
    await expect
      .poll(() => fault(place), slow)
      .toMatchObject({ lastError: expect.stringContaining("ELOOP") as string });
    expect(readdirSync(place.file("outside"))).toEqual([]);
  },
  within,
);

test(
  "the command lines of 2014: monitor in the background, one turn in the foreground, here and through ssh",
  async () => {
    await using place = new GsyncdPlace();
    await using sshd = await Sshd.start(place.file("ssh"), forced(place));
    const ssh = `/usr/bin/ssh ${sshd.options.join(" ")}`;
    const config = place.file("old.conf");
    const files = ["--log-file", place.log, "--state-file", place.state, "--working-dir", place.file("working")];
    const common = ["-c", config, ...files, "--ssh-command", ssh, "--ssh-port", String(sshd.port), "--timeout", "30"];
    const remote = [...common, "--remote-gsyncd", "/nonexistent/gsyncd", `file://${place.source}`];
    const url = `ssh://${sshd.host}:file://${place.destination}`;
    write(place, "turn", "1");

    const once = await place.call("-N", "--turns", "1", ...remote, url);
    expect(once).toEqual({ code: 0, out: "", err: "" });
    expect(place.differences()).toEqual([]);
    // What ssh has started at the other side ends a moment after it.
    await expect.poll(() => place.processes(), slow).toEqual([]);

    write(place, "local", "2");
    const local = ["-N", "--turns", "1", ...common, `file://${place.source}`, `file://${place.destination}`];
    expect(await place.call(...local)).toEqual({ code: 0, out: "", err: "" });
    expect(place.differences()).toEqual([]);

    const monitor = await place.call("--monitor", "--pid-file", place.pidFile, ...remote, url);
    expect(monitor).toEqual({ code: 0, out: "", err: "" });
    await expect.poll(() => place.status()["worker_status"], slow).toBe("Active");
    expect(readFileSync(place.state, "utf8")).toBe("Started");
    write(place, "followed", "3");
    await expect.poll(() => place.differences(), slow).toEqual([]);
    const second = await place.call("--monitor", "--pid-file", place.pidFile, ...remote, url);
    expect(second).toEqual({ code: 2, out: "", err: "pidfile is taken, exiting.\n" });
    killIfThere(-(place.pid ?? NaN), "SIGTERM");
    await expect.poll(() => place.processes(), slow).toEqual([]);
  },
  within,
);
