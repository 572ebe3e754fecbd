import { existsSync, mkdirSync, mkdtempSync, rmSync, closeSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { umount2 } from "@belay/linux";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import {
  createLogger,
  isAlive,
  isMountpoint,
  kernelTraceback,
  MountTable,
  openFuseAbort,
  openProc,
  spawnProcess,
  stopLadder,
  stuckDump,
  type StopOptions,
  type SupervisedProcess,
} from "../index.ts";
import { groupMembers } from "../process/process-group.ts";

const base = mkdtempSync(join(tmpdir(), "belay-test-"));
let count = 0;
const lines: string[] = [];
const logger = createLogger({
  sinks: [
    {
      threshold: "debug",
      wantsCaller: false,
      write: ({ message }) => void lines.push(message),
      [Symbol.dispose]: () => undefined,
    },
  ],
});

afterEach(() => {
  lines.length = 0;
});
afterAll(() => {
  for (const mount of MountTable.read().below(base)) {
    using abort = openFuseAbort(mount, logger);
    abort?.abort();
    umount2(mount.point, 2);
  }
  rmSync(base, { recursive: true });
});

const canMount = process.geteuid?.() === 0 && existsSync("/dev/fuse");

interface Served {
  readonly point: string;
  readonly server: SupervisedProcess;
  readonly stop: (options?: StopOptions) => Promise<void>;
}

async function serve(manner?: "stubborn"): Promise<Served> {
  const point = join(base, String(++count));
  mkdirSync(point);
  const script = join(import.meta.dirname, "test-server.ts");
  const server = await spawnProcess([process.execPath, script, point, ...(manner ? [manner] : [])]);
  await expect.poll(() => server.stderrTail().toString(), { interval: 10 }).toContain("up");
  const fuseAbort = openFuseAbort(MountTable.read().only(point), logger);
  const stop = (options: StopOptions = {}) =>
    stopLadder({ point, server: server.identity, fuseAbort }, { logger, serverName: "wcfs.go", ...options });
  return { point, server, stop };
}

/** A process that waits in the kernel for an answer of the server. */
async function hang(point: string): Promise<SupervisedProcess> {
  const client = await spawnProcess(["/bin/sh", "-c", "cat name; sleep 1000"], { cwd: point });
  await expect.poll(() => waitsForAnswer(client.pid), { interval: 10 }).toBe(true);
  return client;
}

function waitsForAnswer(pgid: number): boolean {
  const cat = groupMembers(pgid)
    .map(({ pid }) => openProc().get(pid))
    .find((process) => process?.comm === "cat");
  return cat !== undefined && kernelTraceback(cat).includes("fuse");
}

const notes = () => lines.filter((line) => !line.startsWith("\n") && !line.startsWith("#") && !line.startsWith("  "));

describe.skipIf(!canMount)("the stop ladder (needs root and /dev/fuse)", () => {
  test("a server that behaves ends with its mount, and the directory goes", async () => {
    const { point, server, stop } = await serve();
    await stop();
    expect(lines).toEqual([`unmount/stop wcfs pid${server.pid} @ ${point}`]);
    expect(isAlive(server.identity)).toBe(false);
    expect(existsSync(point)).toBe(false);
  });

  test("a stubborn server and a client that hangs in it are led through every rung", async () => {
    const { point, server, stop } = await serve("stubborn");
    await using client = await hang(point);
    await stop({ timeoutMs: 4000 });
    const rungs = notes().filter((line) => !/pid\d+ root/.test(line) && !line.startsWith("fuse_unmount"));
    expect(rungs).toEqual([
      `unmount/stop wcfs pid${server.pid} @ ${point}`,
      "-> kill -TERM wcfs.go ...",
      "wcfs.go does not exit",
      "-> abort FUSE connection ...",
      "wcfs.go does not exit",
      "-> kill -QUIT wcfs.go ...",
      "wcfs.go does not exit (after SIGQUIT)",
      "-> kill -KILL wcfs.go ...",
      "last unmount try",
    ]);
    expect(lines.find((line) => line.startsWith("the mount is still used by"))).toMatch(
      new RegExp(`^the mount is still used by +pid${client.pid} root sh:\n\tcwd\t-> ${point}$`),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^ *pid\d+ root sh: <- SIGTERM$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ *pid\d+ root sh: terminated$/));
    expect([isMountpoint(point), existsSync(point), isAlive(client.identity)]).toEqual([false, false, false]);
  });

  test("the stuck dump shows where server and clients wait", async () => {
    const { point, server, stop } = await serve("stubborn");
    await using client = await hang(point);
    const dump = stuckDump("wcfs", server.identity, point);
    expect(dump).toMatch(/^\nwcfs ktraceback:\n *pid\d+ root \S+\n\n *tid\d+ root [^]*\nwcfs clients:\n {2}/);
    expect(dump).toMatch(
      new RegExp(`\n {2} +pid${client.pid} root sh /bin/sh -c cat name; sleep 1000\n\tcwd\t-> ${point}\n\n\t`),
    );
    expect(dump).toMatch(/request_wait_answer|fuse_lookup|permission denied/);
    server.kill("SIGKILL");
    await stop();
  });

  test("with lazy the users are left alone and the name is free", async () => {
    const { point, stop } = await serve();
    await using client = await hang(point);
    await stop({ timeoutMs: 2000, lazy: true });
    expect([isMountpoint(point), existsSync(point), isAlive(client.identity)]).toEqual([false, false, true]);
  });

  test("users are ended also when the server, told to end, has only detached the mount from its name", async () => {
    const { point, server } = await serve();
    await using inside = await spawnProcess(["/bin/sleep", "1000"], { cwd: point });
    await using reading = await spawnProcess(["/bin/sh", "-c", 'exec 9<"$0"; exec sleep 1000', point]);
    await expect.poll(() => openProc().get(reading.pid)?.comm).toBe("sleep");
    await using outside = await spawnProcess(["/bin/sleep", "1000"]);
    const script = 'trap "umount --lazy \\"$0\\"; kill $1; exit" TERM; echo up >&2; sleep 1000 & wait';
    await using detaching = await spawnProcess(["/bin/sh", "-c", script, point, String(server.pid)]);
    await expect.poll(() => detaching.stderrTail().toString()).toContain("up");
    await stopLadder({ point, server: detaching.identity, fuseAbort: undefined }, { logger, timeoutMs: 5000 });
    expect([inside, reading, outside].map(({ identity }) => isAlive(identity))).toEqual([false, false, true]);
    expect(lines).toContainEqual(expect.stringMatching(/^the mount is still used by [^]*\tcwd\t-> /));
  });

  test("with graceful the users may let go by themselves", async () => {
    const { point, stop } = await serve();
    await using client = await spawnProcess(["/bin/sleep", "1000"], { cwd: point });
    const told: number[] = [];
    const notify = (users: readonly { process: { pid: number } }[]) => {
      told.push(...users.map(({ process }) => process.pid));
      client.kill("SIGINT");
      return Promise.resolve();
    };
    await stop({ timeoutMs: 2000, graceful: true, hooks: { notify } });
    expect(told).toEqual([client.pid]);
    expect(await client.exited).toMatchObject({ signal: "SIGINT" });
  });

  test("the calling process is never killed: the mount stays, and the error says so", async () => {
    const { point, server, stop } = await serve();
    const fd = openSync(point, "r");
    await expect(stop({ timeoutMs: 1000 })).rejects.toMatchObject({ code: "EBUSY" });
    expect(lines).toContain(`this process uses ${point} itself: it is not killed`);
    expect(isAlive(server.identity)).toBe(false);
    closeSync(fd);
    umount2(point);
  });

  test("without the control file the connection is aborted by a forced unmount", async () => {
    const { point, server } = await serve("stubborn");
    await using client = await hang(point);
    await stopLadder({ point, server: undefined, fuseAbort: undefined }, { logger, timeoutMs: 1000 });
    expect([isMountpoint(point), isAlive(client.identity)]).toEqual([false, false]);
    await server.stop({ timeoutMs: 200 });
  });

  test("when the time is over at the start every wait is still 0.1 s", async () => {
    const { point, server, stop } = await serve("stubborn");
    await using client = await hang(point);
    const start = performance.now();
    await stop({ signal: AbortSignal.abort(new Error("over")) });
    // A fifth of the default time for each of the four would be twenty seconds.
    expect(performance.now() - start).toBeLessThan(10_000);
    expect([isAlive(server.identity), isAlive(client.identity)]).toEqual([false, false]);
  });
});

test("what is not mounted and not running is only a directory to remove", async () => {
  const point = join(base, "plain");
  mkdirSync(point);
  await stopLadder({ point, server: undefined, fuseAbort: undefined }, { logger });
  await stopLadder({ point, server: undefined, fuseAbort: undefined }, { logger });
  expect(existsSync(point)).toBe(false);
  expect(lines[0]).toBe(`unmount/stop wcfs (not running) @ ${point}`);
});
