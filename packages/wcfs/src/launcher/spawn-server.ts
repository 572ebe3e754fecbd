import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import { BelayError, Deadline, removeStartLock, TaskGroup, userError } from "@belay/supervise";
import { removeMountpoint } from "./clear-mountpoint.ts";
import { serverOptionsOfEnvironment } from "./environment.ts";
import type { LauncherOptions } from "./launcher-log.ts";
import { withStartLock } from "./lock-handover.ts";
import type { Prepared } from "./prepare.ts";
import { serverArguments, serverProgram } from "./server-program.ts";
import { waitReady } from "./wait-ready.ts";

/** How to start a server. */
export interface StartOptions extends LauncherOptions {
  /** The server's own options, after those of the environment. */
  readonly options?: readonly string[];
  /** Longest time until the server serves, in milliseconds. Default: no limit; a large database takes its time to open. */
  readonly timeoutMs?: number;
}

/** A server that serves, and the handle that makes us its client. */
export interface SpawnedServer {
  readonly child: ChildProcess;
  readonly handle: FileHandle;
}

/**
 * Starts the server and waits until it serves.
 *
 * It is in a session of its own: what ends us at the terminal does not end it. Whatever goes wrong, no server is left behind.
 *
 * @throws BelayError `ESTART` when it ends instead, `ETIMEDOUT`
 */
export async function spawnServer(zurl: string, prepared: Prepared, options: StartOptions): Promise<SpawnedServer> {
  const { mountpoint, lock } = prepared;
  const program = serverProgram();
  const words = [...serverOptionsOfEnvironment(), ...(options.options ?? [])];
  const child = spawn(program.file, serverArguments(program, words, zurl, mountpoint), {
    argv0: program.argv0,
    detached: true,
    stdio: ["ignore", "ignore", "inherit", lock.fd],
    env: withStartLock(3),
  });
  try {
    const handle = await readyOrEnded(child, zurl, mountpoint, options);
    child.unref();
    return { child, handle };
  } catch (error) {
    await endChild(child);
    removeMountpoint(mountpoint);
    removeStartLock(lock);
    throw describe(zurl, error);
  }
}

async function readyOrEnded(
  child: ChildProcess,
  zurl: string,
  mountpoint: string,
  options: StartOptions,
): Promise<FileHandle> {
  using deadline = Deadline.after(options.timeoutMs ?? Infinity, {
    signal: options.signal,
    what: "waiting for the server",
  });
  await using group = new TaskGroup(deadline.signal);
  const ended = group.start((signal) => endOf(child, signal));
  const ready = group.start((signal) => waitReady(zurl, mountpoint, signal));
  return await Promise.race([ready, ended]);
}

async function endOf(child: ChildProcess, signal: AbortSignal): Promise<never> {
  const [code, signalName] = (await once(child, "exit", { signal })) as [number | null, NodeJS.Signals | null];
  throw userError("ESTART", `exited with ${code ?? signalName ?? "nothing"}`, {
    exitStatus: code,
    exitSignal: signalName,
  });
}

function describe(zurl: string, error: unknown): Error {
  const code = error instanceof BelayError ? error.code : "ESTART";
  return userError(code, `wcfs: start ${zurl}`, {
    cause: error,
    hint: "what the server said is above, or in its log files",
  });
}

const politeMs = 2000;

/** Ends a server that is of no use. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), politeMs);
  await ended;
  clearTimeout(hard);
}
