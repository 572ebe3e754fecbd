import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import type { LedgerHandle } from "../ledger/types.ts";
import { createRingBuffer, type RingBuffer } from "./ring-buffer.ts";
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
  const token = crypto.randomUUID();
  const leads = options.group !== "inherit";
  const entry = await options.ledger?.intend({ kind: "process-group", token, leads, bootId: bootId() });
  const child = start(argv, options, entry === undefined ? undefined : token);
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
  await entry?.acquired({ pid, startTime: identity.startTime });
  return running;
}

function start(argv: readonly string[], options: SpawnOptions, token: string | undefined): ChildProcess {
  const [file = "", ...args] = argv;
  const { stdin = "ignore", stdout = "ignore", stderr = "capture", extraStdio = [] } = options;
  const piped = (mode: string) =>
    mode === "capture" || mode === "tee" ? "pipe" : (mode as "pipe" | "ignore" | "inherit");
  const stdio: StdioOptions = [typeof stdin === "string" ? stdin : "pipe", piped(stdout), piped(stderr), ...extraStdio];
  // A token that we inherited ourselves is another entry's: a child that may outlive us must not bear it.
  const env = { ...(options.env ?? process.env), [ownerTokenVariable]: token };
  const child = spawn(file, args, {
    stdio,
    env,
    detached: options.group !== "inherit",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.argv0 === undefined ? {} : { argv0: options.argv0 }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
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
  const tail = createRingBuffer(tailBytes);
  const output: Buffer[] = [];
  if (options.stderr !== "ignore" && options.stderr !== "inherit")
    keepTail(child.stderr, tail, options.stderr === "tee");
  if (options.stdout === "capture") child.stdout?.on("data", (bytes: Buffer) => output.push(bytes));
  const why = { timedOut: false, isCanceled: false };
  const leads = options.group !== "inherit";
  const { stopMs = 5000 } = options;

  const ended = new Promise<ExitStatus>((resolve) =>
    child.once("exit", (code, signal) => resolve(status(code, signal))),
  );
  const closed = new Promise<ExitStatus>((resolve) =>
    child.once("close", (code, signal) => resolve(status(code, signal))),
  );
  const kill = (signal: NodeJS.Signals) => (leads ? sendSignal(-identity.pid, signal) : child.kill(signal));
  const stop = async (timeoutMs: number) => {
    await stopChild(argv, identity, { leads, kill, ended, timeoutMs });
    return Promise.race([closed, ended]);
  };

  const cancel = (reason: "timedOut" | "isCanceled") => {
    why[reason] = true;
    stop(stopMs).catch((error: unknown) => options.logger?.error(String(error)));
  };
  const onAbort = () => cancel("isCanceled");
  if (options.signal?.aborted) onAbort();
  else options.signal?.addEventListener("abort", onAbort, { once: true });
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => cancel("timedOut"), options.timeoutMs);
  void ended.then(() => {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
  });

  let stopping: Promise<ExitStatus> | undefined;
  const stopOnce = (timeoutMs: number) => (stopping ??= stop(timeoutMs).finally(() => (stopping = undefined)));
  return {
    pid: identity.pid,
    argv,
    identity,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited: closed,
    output: () => Buffer.concat(output),
    stderrTail: () => tail.contents(),
    async succeeded() {
      const end = await closed;
      if (end.code === 0 && !why.timedOut && !why.isCanceled) return;
      throw processEnded(argv, end, why, tail.contents(), why.isCanceled ? options.signal?.reason : undefined);
    },
    kill,
    stop: ({ timeoutMs = stopMs } = {}) => stopOnce(timeoutMs),
    async [Symbol.asyncDispose]() {
      await stopOnce(stopMs);
      await entry?.release();
    },
  };
}

function status(code: number | null, signal: NodeJS.Signals | null): ExitStatus {
  return { code: code ?? undefined, signal: signal ?? undefined };
}

function keepTail(stream: Readable | null, tail: RingBuffer, tee: boolean): void {
  stream?.on("data", (bytes: Buffer) => {
    tail.push(bytes);
    if (tee) process.stderr.write(bytes);
  });
}
