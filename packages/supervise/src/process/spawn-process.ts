import type { ChildProcess, StdioOptions } from "node:child_process";
import { once } from "node:events";
import { Duplex, Readable } from "node:stream";
import { onAbort } from "../deadline/on-abort.ts";
import { toError } from "../errors/belay-error.ts";
import type { LedgerHandle } from "../ledger/types.ts";
import { createRingBuffer } from "./ring-buffer.ts";
import { readyVariable } from "../daemon/ready-variable.ts";
import { ownerTokenVariable, sendSignal } from "./process-group.ts";
import { bootId, processIdentity, type ProcessIdentity } from "./identity.ts";
import { processEnded, processNotStarted } from "./process-error.ts";
import { stopChild } from "./stop-child.ts";
import type { ExitStatus, SpawnOptions, SupervisedProcess } from "./types.ts";

const tailBytes = 1024 * 1024;

/**
 * Starts a program; resolves when it runs.
 *
 * @param argv  the program, looked up in `$PATH` unless it has a slash, and its arguments; never a shell
 * @throws ProcessError with the errno as code when it cannot be started
 */
export async function spawnProcess(argv: readonly string[], options: SpawnOptions = {}): Promise<SupervisedProcess> {
  options.signal?.throwIfAborted();
  const { spawn } = await import("node:child_process");
  const token = crypto.randomUUID();
  const leads = options.group !== "inherit";
  const entry = await options.ledger?.intend({ kind: "process-group", token, leads, bootId: bootId() });
  const child = start(spawn, argv, options, entry === undefined ? undefined : token);
  try {
    if (child.pid === undefined) await once(child, "spawn");
  } catch (error) {
    await entry?.forget();
    throw processNotStarted(argv, error as NodeJS.ErrnoException, options.cwd);
  }
  const pid = child.pid ?? 0;
  // A child of ours that has ended stays a zombie until Node's loop takes note: its start time can always be read here.
  const identity = processIdentity(pid) ?? { pid, startTime: "", bootId: bootId() };
  const running = supervise(argv, options, child, identity, entry);
  if (entry === undefined) return running;
  using _kept = keepUnread(child);
  await entry.acquired({ pid, startTime: identity.startTime });
  return running;
}

// Node throws away what a child has said that ends before anybody listens, and until it is in the ledger nobody can: that waits for a disk.
function keepUnread(child: ChildProcess): Disposable {
  const pipes = child.stdio.filter((stream) => stream instanceof Readable && stream.listenerCount("data") === 0);
  const wait = () => undefined;
  for (const pipe of pipes) pipe?.on("readable", wait);
  return {
    [Symbol.dispose]: () => {
      for (const pipe of pipes) pipe?.off("readable", wait);
    },
  };
}

function start(
  spawn: typeof import("node:child_process").spawn,
  argv: readonly string[],
  options: SpawnOptions,
  token: string | undefined,
): ChildProcess {
  const [file = "", ...args] = argv;
  const { stdin = "ignore", stdout = "ignore", stderr = "capture", extraStdio = [] } = options;
  const piped = (mode: string) =>
    mode === "capture" || mode === "tee" ? "pipe" : (mode as "pipe" | "ignore" | "inherit");
  const stdio: StdioOptions = [typeof stdin === "string" ? stdin : "pipe", piped(stdout), piped(stderr), ...extraStdio];
  // A token that we inherited ourselves is another entry's: a child that may outlive us must not bear it.
  const env = { ...(options.env ?? process.env), [ownerTokenVariable]: token, [readyVariable]: undefined };
  const child = spawn(file, args, {
    stdio,
    env,
    detached: options.group !== "inherit",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.argv0 === undefined ? {} : { argv0: options.argv0 }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  child.on("error", () => undefined); // the start's error is told by spawnProcess
  child.stdin?.on("error", () => undefined); // a program need not read what it is given
  if (typeof stdin !== "string") child.stdin?.end(stdin);
  return child;
}

function supervise(
  argv: readonly string[],
  options: SpawnOptions,
  child: ChildProcess,
  identity: ProcessIdentity,
  entry: LedgerHandle | undefined,
): SupervisedProcess {
  const { stopMs = 5000 } = options;
  const leads = options.group !== "inherit";
  const kept = keepOutput(child, options);
  const why = { timedOut: false, isCanceled: false };
  const ended = new Promise<ExitStatus>((resolve) => {
    child.once("exit", (code, signal) => resolve(exitStatus(code, signal)));
  });
  const closed = new Promise<ExitStatus>((resolve) => {
    child.once("close", (code, signal) => resolve(exitStatus(code, signal)));
  });
  const kill = (signal: NodeJS.Signals) => (leads ? sendSignal(-identity.pid, signal) : child.kill(signal));
  const stop = async (timeoutMs: number) => {
    await stopChild(argv, identity, { leads, kill, ended, timeoutMs });
    return Promise.race([closed, ended]);
  };
  let stopping: Promise<ExitStatus> | undefined;
  const stopOnce = (timeoutMs: number) => (stopping ??= stop(timeoutMs).finally(() => (stopping = undefined)));
  let abandoned = false;
  const abandon = () => {
    abandoned = true;
    kill("SIGKILL");
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
    child.unref();
  };

  const gaveUp = Promise.withResolvers<never>();
  gaveUp.promise.catch(() => undefined); // for `succeeded`, should anybody ask
  watchLimits(options, ended, (reason) => {
    why[reason] = true;
    stopOnce(stopMs).catch((error: unknown) => {
      abandon();
      gaveUp.reject(toError(error));
    });
  });
  return {
    pid: identity.pid,
    argv,
    identity,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    extra: child.stdio.slice(3).map((stream) => (stream instanceof Duplex ? stream : undefined)),
    exited: closed,
    ...kept,
    async succeeded() {
      const end = await Promise.race([closed, gaveUp.promise]);
      if (end.code === 0 && !why.timedOut && !why.isCanceled) return;
      throw processEnded(argv, end, why, kept.stderrTail(), why.isCanceled ? options.signal?.reason : undefined);
    },
    kill,
    abandon,
    stop: ({ timeoutMs = stopMs } = {}) => stopOnce(timeoutMs),
    async [Symbol.asyncDispose]() {
      if (abandoned) return; // its entry stays: a later sweep may have more luck
      await stopOnce(stopMs);
      await entry?.release();
    },
  };
}

// Both limits end with the process.
function watchLimits(
  { signal, timeoutMs }: SpawnOptions,
  ended: Promise<ExitStatus>,
  cancel: (reason: "timedOut" | "isCanceled") => void,
): void {
  const canceling = onAbort(signal, () => cancel("isCanceled"));
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => cancel("timedOut"), timeoutMs);
  void ended.then(() => {
    clearTimeout(timer);
    canceling[Symbol.dispose]();
  });
}

function keepOutput(
  child: ChildProcess,
  { stdout, stderr }: SpawnOptions,
): Pick<SupervisedProcess, "output" | "stderrTail"> {
  const tail = createRingBuffer(tailBytes);
  const output: Buffer[] = [];
  if (stdout === "capture") child.stdout?.on("data", (bytes: Buffer) => output.push(bytes));
  child.stderr?.on("data", (bytes: Buffer) => {
    tail.push(bytes);
    if (stderr === "tee") process.stderr.write(bytes);
  });
  return { output: () => Buffer.concat(output), stderrTail: () => tail.contents() };
}

function exitStatus(code: number | null, signal: NodeJS.Signals | null): ExitStatus {
  return { code: code ?? undefined, signal: signal ?? undefined };
}
