import { spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { onAbort } from "@belay/supervise";
import type { Engine } from "./engine.ts";

/** Anything that can be piped into the engine. */
export interface Source {
  pipe(destination: Writable): unknown;
}

/** How to call the engine. */
export interface CallOptions {
  /** Throws away what the engine prints on stdout. */
  readonly quiet?: boolean;
  /** What the engine reads instead of our own stdin. */
  readonly stdin?: Source;
  /** Asks the engine's client to end (SIGTERM, then SIGKILL) when it aborts. */
  readonly signal?: AbortSignal | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** Where stdout goes instead of ours; for machine-readable output of our own on stdout. */
  readonly stdoutTo?: "stderr";
  /** Gets what the engine prints, both streams, instead of our own. */
  readonly output?: ((chunk: Buffer) => void) | undefined;
}

/** How a call ended: the exit status, or minus the number of the signal that killed the client. */
export type CallStatus = number;

const stopMs = 5000;

/**
 * Runs the engine with our own terminal: same process group, same stdin, so that interactive containers work.
 *
 * @returns its status; a failure of the engine is no exception here
 * @throws errno errors of spawning
 */
export async function call(engine: Engine, args: readonly string[], options: CallOptions = {}): Promise<CallStatus> {
  const { output, quiet, stdin, stdoutTo } = options;
  const shown = output !== undefined ? "pipe" : stdoutTo === "stderr" ? 2 : "inherit";
  const stdout = quiet === true && output === undefined ? "ignore" : shown;
  const stderr = output === undefined ? "inherit" : "pipe";
  const child = start(engine, args, [stdin === undefined ? "inherit" : "pipe", stdout, stderr], options.env);
  if (output !== undefined) for (const stream of [child.stdout, child.stderr]) stream?.on("data", output);
  if (stdin !== undefined && child.stdin !== null) {
    // An engine that refuses the build early closes the pipe; its status tells why.
    child.stdin.on("error", () => undefined);
    stdin.pipe(child.stdin);
  }
  return await ended(child, options.signal);
}

/**
 * As {@link call}, for calls that have to succeed.
 *
 * @throws BelayError `EENGINE` with the `status` and the command line
 */
export async function callChecked(engine: Engine, args: readonly string[], options: CallOptions = {}): Promise<void> {
  const status = await call(engine, args, options);
  if (status === 0) return;
  const { engineFailed } = await import("../errors/engine-errors.ts");
  throw engineFailed([...engine.command, ...args], status);
}

/** What a call printed, each stream by itself: warnings on stderr are no part of the answer. */
export interface CallOutput {
  readonly status: CallStatus;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the engine and keeps what it prints. @throws errno errors of spawning */
export function callForOutput(engine: Engine, args: readonly string[], signal?: AbortSignal): Promise<CallOutput> {
  return outputFrom(start(engine, args, outputKept), signal);
}

/** A call whose output may turn out not to be wanted. */
export interface DroppableCall {
  /** As of {@link callForOutput}; rejects when it is dropped. */
  readonly output: Promise<CallOutput>;
  /** Has it end, and waits neither for that nor for its output. */
  readonly drop: () => void;
}

/** As {@link callForOutput}. */
export function callDroppable(engine: Engine, args: readonly string[]): DroppableCall {
  const child = start(engine, args, outputKept);
  const output = outputFrom(child);
  output.catch(() => undefined);
  const drop = (): void => {
    child.kill("SIGTERM");
    child.unref();
    for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  };
  return { output, drop };
}

const outputKept: StdioOptions = ["inherit", "pipe", "pipe"];

async function outputFrom(child: ChildProcess, signal?: AbortSignal): Promise<CallOutput> {
  const [stdout, stderr, status] = await Promise.all([read(child.stdout), read(child.stderr), ended(child, signal)]);
  return { status, stdout, stderr };
}

/** As {@link callForOutput}, for calls that have to succeed. @throws BelayError `EENGINE` */
export async function outputOf(engine: Engine, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const { status, stdout, stderr } = await callForOutput(engine, args, signal);
  if (status === 0) return stdout;
  const { engineFailed } = await import("../errors/engine-errors.ts");
  throw engineFailed([...engine.command, ...args], status, stderr.trim());
}

function start(engine: Engine, args: readonly string[], stdio: StdioOptions, env?: NodeJS.ProcessEnv): ChildProcess {
  const [program = "", ...first] = engine.command;
  return spawn(program, [...first, ...args], { stdio, env: env ?? engine.env });
}

async function read(stream: Readable | null): Promise<string> {
  if (stream === null) return "";
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function ended(child: ChildProcess, signal: AbortSignal | undefined): Promise<CallStatus> {
  return new Promise((resolve, reject) => {
    let killer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      child.kill("SIGTERM");
      killer = setTimeout(() => child.kill("SIGKILL"), stopMs);
    };
    const stopping = onAbort(signal, stop);
    const done = (): void => {
      clearTimeout(killer);
      stopping[Symbol.dispose]();
    };
    child.once("error", (error) => {
      done();
      reject(error);
    });
    child.once("close", (code, name) => {
      done();
      void statusOf(code, name).then(resolve, reject);
    });
  });
}

async function statusOf(code: number | null, name: NodeJS.Signals | null): Promise<CallStatus> {
  if (code !== null) return code;
  const { constants } = await import("node:os");
  return name === null ? -1 : -constants.signals[name];
}
