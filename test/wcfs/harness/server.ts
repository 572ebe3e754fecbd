import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ENTRY = fileURLToPath(new URL("./server-entry.ts", import.meta.url));
const CONNECTIONS = "/sys/fs/fuse/connections";

/** A running server. */
export interface TestServer extends AsyncDisposable {
  readonly pid: number;
  readonly mountpoint: string;
  /** What it has written to standard error so far. */
  stderr(): string;
  /** Its exit code or the signal that ended it; undefined: it runs. */
  ended(): number | NodeJS.Signals | undefined;
  /** Waits for its end. @throws when that takes longer (milliseconds) */
  untilEnded(timeout: number): Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
  /** Whether the mountpoint is still in the mount table. */
  mounted(): boolean;
  /** `fusermount -u`, or lazily. @returns whether that worked */
  unmount(...flags: string[]): boolean;
  /** Ends the connection in the kernel. */
  abort(): void;
}

/** Starts a server and does not wait until it serves. */
export function spawnServer(args: readonly string[], mountpoint: string): TestServer {
  const child = spawn(process.execPath, [ENTRY, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
    if (process.env["BELAY_TEST_LOG"] !== undefined) process.stderr.write(chunk);
  });
  const end = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? code ?? -1));
  });
  const ended = () => child.signalCode ?? child.exitCode ?? undefined;
  // What a server that ends by itself has said is what one needs to know when its test fails.
  let mayEnd = false;
  void end.then((how) => {
    if (!mayEnd) console.error(`the server ended by itself (${how}):\n${stderr}`);
  });
  const expecting = <T>(result: T) => {
    mayEnd = true;
    return result;
  };
  const untilEnded = async (timeout: number) => {
    mayEnd = true;
    const late = new AbortController();
    const timer = sleep(timeout, "late" as const, { signal: late.signal });
    const result = await Promise.race([end, timer]);
    late.abort();
    await timer.catch(() => undefined);
    if (result === "late") throw new Error(`the server still runs after ${timeout} ms`);
    return result;
  };
  return {
    pid: child.pid ?? 0,
    mountpoint,
    stderr: () => stderr,
    ended,
    untilEnded,
    kill: (signal) => void expecting(child.kill(signal)),
    mounted: () => connectionOf(mountpoint) !== undefined,
    unmount: (...flags) => expecting(spawnSync("fusermount", ["-u", ...flags, mountpoint])).status === 0,
    abort: () => {
      mayEnd = true;
      abortAt(mountpoint);
    },
    async [Symbol.asyncDispose]() {
      mayEnd = true;
      spawnSync("fusermount", ["-u", "-z", mountpoint]);
      if (ended() === undefined) child.kill("SIGTERM");
      await untilEnded(3000).catch(async () => {
        abortAt(mountpoint);
        child.kill("SIGKILL");
        await untilEnded(30_000);
      });
      while (connectionOf(mountpoint) !== undefined) {
        abortAt(mountpoint);
        if (spawnSync("umount", ["-l", mountpoint]).status !== 0) break;
      }
    },
  };
}

/** Starts a server and waits until it is ready, as clients do. */
export async function startServer(zurl: string, mountpoint: string, args: readonly string[] = []): Promise<TestServer> {
  const server = spawnServer(["-debug", "-logtostderr", ...args, zurl, mountpoint], mountpoint);
  for (let tries = 0; tries < 2400; tries++) {
    // The mount appears at once with everything in it, and a look at the table cannot hang.
    if (server.mounted()) return server;
    if (server.ended() !== undefined) break;
    await sleep(25);
  }
  await server[Symbol.asyncDispose]();
  throw new Error(`the server did not start: ${server.stderr()}`);
}

function connectionOf(mountpoint: string): string | undefined {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const line = lines.findLast((candidate) => candidate.split(" ")[4] === mountpoint);
  return line?.split(" ")[2]?.split(":")[1];
}

function abortAt(mountpoint: string): void {
  const connection = connectionOf(mountpoint);
  if (connection === undefined) return;
  if (!existsSync(`${CONNECTIONS}/${connection}`)) spawnSync("mount", ["-t", "fusectl", "none", CONNECTIONS]);
  writeFileSync(`${CONNECTIONS}/${connection}/abort`, "1");
}
