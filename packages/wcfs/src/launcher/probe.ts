import { spawn } from "node:child_process";
import { sleep, userError } from "@belay/supervise";
import { probeCommand, type ProbeAnswer, type ProbeKind } from "./probe-command.ts";
import { serverProgram } from "./server-program.ts";

/** What was found: the device for `stat`, the content for `read`. */
export interface ProbeResult {
  readonly dev: number;
  readonly content: string;
}

/** Longest time for one access, in milliseconds: what is stuck is to be told within five seconds, all in all. */
const limitMs = 4500;

/**
 * Accesses a mount in a process of its own.
 *
 * The server may be stuck; then whoever asked it is stuck too, cannot be killed, and keeps its process from ending. That must not be
 * this process. A probe that takes too long is killed and not waited for.
 *
 * @throws BelayError `ETIMEDOUT`, or `EPROBE` with the error text of the access
 */
export async function probe(kind: ProbeKind, path: string): Promise<ProbeResult> {
  const answer = await ask(kind, path);
  if ("error" in answer) throw userError("EPROBE", answer.error);
  return { dev: 0, content: "", ...answer };
}

async function ask(kind: ProbeKind, path: string): Promise<ProbeAnswer> {
  const program = serverProgram();
  const child = spawn(program.file, [...program.prefix, probeCommand, kind, path], {
    argv0: program.argv0,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const done = new Promise<"ended">((resolve, reject) => {
    child.once("error", reject).once("close", () => resolve("ended"));
  });
  using timer = abortable();
  if ((await Promise.race([done, sleep(limitMs, timer.signal)])) !== "ended") {
    child.kill("SIGKILL");
    child.stdout.destroy();
    child.unref();
    throw userError("ETIMEDOUT", "timed out", { timedOut: true });
  }
  return JSON.parse(Buffer.concat(chunks).toString() || '{"error":"the probe died"}') as ProbeAnswer;
}

function abortable(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  // Nobody waits for the sleep any more when it is aborted.
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort(new Error("not needed")) };
}
