import { closeSync, writeSync } from "node:fs";
import { isSea } from "node:sea";
import type { Readable } from "node:stream";
import { once } from "node:events";
import { BelayError, hasCode, toError } from "../errors/belay-error.ts";
import { renderError } from "../errors/render.ts";
import { untilAborted } from "../deadline/sleep.ts";
import { endText, processNotStarted, programName } from "../process/process-error.ts";
import { ownerTokenVariable, sendSignal } from "../process/process-group.ts";
import { readyVariable } from "./ready-variable.ts";

const readyFd = 3;

/** Number of the first descriptor that a daemon inherits. */
export const firstInherited = readyFd + 1;

/** How a daemon is started. */
export interface DaemonizeOptions {
  /** Program and arguments; see {@link ownCommand} for this very program. */
  readonly argv: readonly string[];
  /** `argv[0]` of the daemon when it differs from its file. */
  readonly argv0?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Descriptors for the daemon's stdout and stderr; default `/dev/null`. */
  readonly output?: { readonly stdout?: number; readonly stderr?: number };
  /** Descriptors for the daemon, from {@link firstInherited} on. */
  readonly inherit?: readonly number[];
  /** Ends the wait, and the daemon that is not ready by then. */
  readonly signal?: AbortSignal | undefined;
}

/** A daemon that said it is ready. */
export interface StartedDaemon {
  readonly pid: number;
  /** What it told with {@link reportReady}. */
  readonly info: unknown;
}

type Report =
  | { readonly ready: unknown }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } };

/**
 * The argv that runs this program again with other arguments: Node cannot fork, so a daemon is the same program started anew.
 */
export function ownCommand(args: readonly string[]): string[] {
  const script = isSea() ? [] : [...process.execArgv, process.argv[1] ?? ""];
  return [process.execPath, ...script, ...args];
}

/**
 * Starts a program in a session of its own and waits until it says that it is ready.
 *
 * The program says so by {@link reportReady}, or {@link reportFailure}; one that ends without a word has failed too. Once it is ready nothing
 * ties it to this process.
 *
 * @throws the daemon's own error as BelayError with its code and hint; `EDAEMON` if it ended without one; the signal's reason
 */
export async function daemonize(options: DaemonizeOptions): Promise<StartedDaemon> {
  const { argv, cwd, argv0, output = {}, inherit = [], signal } = options;
  signal?.throwIfAborted();
  const { spawn } = await import("node:child_process");
  const [file = "", ...args] = argv;
  const child = spawn(file, args, {
    detached: true,
    stdio: ["ignore", output.stdout ?? "ignore", output.stderr ?? "ignore", "pipe", ...inherit],
    // Not the token of an entry that we were started for: the daemon is to outlive us.
    env: { ...(options.env ?? process.env), [readyVariable]: String(readyFd), [ownerTokenVariable]: undefined },
    ...(cwd === undefined ? {} : { cwd }),
    ...(argv0 === undefined ? {} : { argv0 }),
  });
  await once(child, "spawn").catch((error: unknown) => {
    throw processNotStarted(argv, error as NodeJS.ErrnoException, cwd);
  });
  const pid = child.pid ?? 0;
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, by) => resolve(endText({ code: code ?? undefined, signal: by ?? undefined })));
  });
  try {
    const info = await untilAborted(readReport(child.stdio[readyFd] as Readable, argv, ended), signal);
    child.unref();
    return { pid, info };
  } catch (error) {
    sendSignal(-pid, "SIGTERM");
    throw error;
  }
}

async function readReport(pipe: Readable, argv: readonly string[], ended: Promise<string>): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of pipe) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  if (!text.endsWith("\n")) {
    throw new BelayError("EDAEMON", `${programName(argv)}: ${await ended} before it was ready`, {
      hint: "its log may tell more",
    });
  }
  const report = JSON.parse(text) as Report;
  if ("ready" in report) return report.ready;
  const { code, message, hint } = report.error;
  throw new BelayError(code, message, { hint });
}

/** Tells whoever started this process by {@link daemonize} that it is ready; nothing if nobody did. Only the first report counts. */
export function reportReady(info: unknown = null): void {
  report({ ready: info });
}

/** Tells the starter why this process cannot become ready. */
export function reportFailure(error: unknown): void {
  report(JSON.parse(renderError(toError(error)).json) as Report);
}

function report(what: Report): void {
  const fd = process.env[readyVariable];
  if (fd === undefined) return;
  // Not for our own children: their descriptor 3 is something else.
  Reflect.deleteProperty(process.env, readyVariable);
  try {
    writeSync(Number(fd), `${JSON.stringify(what)}\n`);
  } catch (error) {
    if (!hasCode(error, "EPIPE", "EBADF")) throw error; // nobody waits any more
  }
  try {
    closeSync(Number(fd));
  } catch (error) {
    if (!hasCode(error, "EBADF")) throw error;
  }
}
