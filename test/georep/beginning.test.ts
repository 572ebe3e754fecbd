import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { openLedger, takeFileLock, takePidLock, type FileLock } from "@belay/supervise";
import { expect, test } from "vitest";

import { agentPlaces } from "../../packages/georep/src/agent/agent-places.ts";
import { workingPath } from "../../packages/georep/src/session/working-path.ts";
import { GsyncdPlace, killIfThere } from "./gsyncd-place.ts";

// A worker is started beside the agent that it needs: what becomes of one when the other is late, or cannot be.

const slow = { timeout: 40_000, interval: 50 };
const within = 120_000;

const agentOf = (place: GsyncdPlace) => agentPlaces(workingPath(place.file("working"), place.source));
const fault = (place: GsyncdPlace) => place.extra()["monitor"];
const start = (place: GsyncdPlace) => place.call("monitor", place.source, place.destination, "-c", place.config);

/** Starts a session whose agent does not get ready before the lock is let go of; resolves when a receiving end is there. */
async function startWithoutAgent(place: GsyncdPlace): Promise<FileLock> {
  const { startLock } = agentOf(place);
  mkdirSync(dirname(startLock), { recursive: true });
  const lock = await takeFileLock(startLock, { wait: true });
  expect(await start(place)).toMatchObject({ code: 0, err: "" });
  await expect.poll(() => place.processes("secondary"), slow).toHaveLength(1);
  return lock;
}

test(
  "an agent that is late is waited for however long a worker may take to connect, and nothing is greeted before",
  async () => {
    await using place = new GsyncdPlace();
    place.configure({ "connection-timeout": "2" });
    writeFileSync(join(place.source, "f"), "1");
    const lock = await startWithoutAgent(place);
    await sleep(4000);
    expect(place.processes("worker")).toHaveLength(1);
    expect(readdirSync(place.destination)).toEqual([]);
    lock[Symbol.dispose]();
    await expect.poll(() => place.status()["worker_status"], slow).toBe("Active");
    expect(fault(place)).toMatchObject({ restarts: 0 });
    await expect.poll(() => place.differences(), slow).toEqual([]);
  },
  within,
);

test(
  "a monitor that is killed while its agent gets ready takes worker and receiving end with it",
  async () => {
    await using place = new GsyncdPlace();
    place.configure();
    using _lock = await startWithoutAgent(place);
    killIfThere(place.pid ?? NaN, "SIGKILL");
    await expect.poll(() => [...place.processes("worker"), ...place.processes("secondary")], slow).toEqual([]);
    expect(readdirSync(place.destination)).toEqual([]);
  },
  within,
);

test(
  "why the agent cannot be started is why the worker is not; it ends, and no other is started until there is an agent",
  async () => {
    await using place = new GsyncdPlace();
    place.configure();
    writeFileSync(join(place.source, "f"), "1");
    const { pidFile } = agentOf(place);
    mkdirSync(dirname(pidFile), { recursive: true });
    {
      await using ledger = await openLedger(place.file("other"));
      await using _held = await takePidLock(ledger, pidFile);
      await start(place);
      const why = { state: "faulty", code: "ELOCKED", lastError: expect.stringContaining("agent.pid") as string };
      await expect.poll(() => fault(place), slow).toMatchObject(why);
      await expect.poll(() => (fault(place) as { restarts: number }).restarts, slow).toBeGreaterThan(2);
      expect(place.processes("worker")).toEqual([]);
      expect(place.logText().match(/starting gsyncd worker/g)).toHaveLength(1);
      expect(readdirSync(place.destination)).toEqual([]);
    }
    await expect.poll(() => place.status()["worker_status"], slow).toBe("Active");
    await expect.poll(() => place.differences(), slow).toEqual([]);
  },
  within,
);
