import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { GsyncdPlace, gsyncd, killIfThere } from "./gsyncd-place.ts";
import { Sshd } from "./sshd.ts";

const slow = { timeout: 40_000, interval: 100 };

test.for(["rsync", "tarssh"] as const)(
  "through sshd with a key that may only run gsyncd, %s brings the content",
  { timeout: 300_000 },
  async (engine) => {
    await using place = new GsyncdPlace();
    const env = ["BELAY_RUN_DIR", "BELAY_LOG_DIR", "GLUSTERD_WORKDIR"].map(
      (name) => `${name}=${place.env[name] ?? ""}`,
    );
    const forced = ["env", ...env, gsyncd, `--only-root=${place.destination}`].join(" ");
    await using sshd = await Sshd.start(place.file("ssh"), forced);
    const port = String(sshd.port);
    place.configure({ "ssh-command": "/usr/bin/ssh", "ssh-options": sshd.options.join(" "), "ssh-port": port, engine });
    for (let i = 0; i < 50; i++) writeFileSync(join(place.source, `file ${i}`), `${i} `.repeat(1000 * i));
    const url = `ssh://${sshd.host}:file://${place.destination}`;
    expect((await place.call("monitor", place.source, url, "-c", place.config)).err).toBe("");
    await expect.poll(() => place.status()["worker_status"], slow).toBe("Active");
    await expect.poll(() => place.differences(), slow).toEqual([]);
    writeFileSync(join(place.source, "file 7"), "changed");
    await expect.poll(() => place.differences(), slow).toEqual([]);
    killIfThere(-(place.pid ?? NaN), "SIGTERM");
    await expect.poll(() => place.processes(), slow).toEqual([]);
    expect(readdirSync(place.file("tmp"))).toEqual([]);
  },
);
