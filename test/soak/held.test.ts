import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { GsyncdPlace, gsyncd, killIfThere } from "../georep/gsyncd-place.ts";
import { Sshd } from "../georep/sshd.ts";

// One process of a replication is held (SIGSTOP) for so long that people would notice, while the source changes; then it goes on, and so does
// the replication. A few seconds in every run; a minute, which is short of secondary-timeout, and two and a half, which is not, in `make soak`.

const seconds = Number(process.env["BELAY_SOAK_HOLD_SECONDS"] ?? 3);
const slow = { timeout: 120_000, interval: 200 };
const roles = ["monitor", "worker", "agent", "secondary", "ssh"] as const;

test.each([seconds, 2.5 * seconds])(
  "each process of a replication held for %s seconds: all end equal",
  { timeout: 300_000 + seconds * 5000 },
  async (held) => {
    await Promise.all(roles.map((role) => hold(role, held)));
  },
);

async function hold(role: (typeof roles)[number], held: number): Promise<void> {
  await using place = new GsyncdPlace();
  const onlyRoot = `--only-root=${place.destination}`;
  const env = ["BELAY_RUN_DIR", "BELAY_LOG_DIR", "GLUSTERD_WORKDIR"].map((name) => `${name}=${place.env[name] ?? ""}`);
  await using sshd = await Sshd.start(place.file("ssh"), ["env", ...env, gsyncd, onlyRoot].join(" "));
  place.configure({
    ...{ "ssh-command": "/usr/bin/ssh", "ssh-options": sshd.options.join(" "), "ssh-port": String(sshd.port) },
    // As two minutes are to a minute.
    "secondary-timeout": String(Math.ceil(2 * seconds)),
  });
  write(place, "before");
  const url = `ssh://${sshd.host}:file://${place.destination}`;
  expect((await place.call("monitor", place.source, url, "-c", place.config)).err).toBe("");
  await equal(place, role);
  const pid = processOf(place, role, onlyRoot);
  killIfThere(pid, "SIGSTOP");
  const until = performance.now() + held * 1000;
  for (let i = 0; performance.now() < until; i++) {
    write(place, `while it is held ${i % 50}`);
    await sleep(100);
  }
  killIfThere(pid, "SIGCONT");
  await equal(place, role);
  write(place, "after");
  await equal(place, role);
  await expect.poll(() => place.status()["worker_status"], slow).toBe("Active");
}

// The key's command has no role in its arguments, and ssh has those of the command it asks for.
function processOf(place: GsyncdPlace, role: (typeof roles)[number], onlyRoot: string): number {
  const ssh = place.processes("-oBatchMode=yes");
  const found = role === "ssh" ? ssh : place.processes(role === "secondary" ? onlyRoot : role);
  const [pid = NaN] = found.filter((each) => role === "ssh" || !ssh.includes(each));
  expect(pid, role).toBeGreaterThan(0);
  return pid;
}

function write(place: GsyncdPlace, name: string): void {
  mkdirSync(join(place.source, name), { recursive: true });
  writeFileSync(join(place.source, name, "f"), String(Math.random()));
}

async function equal(place: GsyncdPlace, role: string): Promise<void> {
  await expect
    .poll(() => place.differences(), { ...slow, message: `${role}: ${place.logText().slice(-2000)}` })
    .toEqual([]);
}
