import { closeSync, openSync } from "node:fs";
import { mountControl, sleep, untilAborted, type Logger } from "@belay/supervise";
import { startGuardProcesses, type GuardProcesses, type WitnessKind } from "./guard-processes.ts";

/** Milliseconds: what guards and ends sooner will not do better the next time. */
const HOPELESS = 1000;

/** Milliseconds until it is tried again all the same. */
const LATER = 10_000;

const MAY_HANG = "if this server is killed its users may hang";

/**
 * Frees the users of a mount whose server is killed.
 *
 * The notify thread may wait in the kernel for a page that a READ has locked. A thread that waits so survives even SIGKILL, and with it the
 * process and its connection: nobody would ever answer the READ. Only who is not the server can end such a connection.
 *
 * Two small processes that end by themselves when the server does, however it ends, and are started anew when somebody ends them.
 *
 * @param connection number of the FUSE connection
 * @returns to be disposed of when the server has let go of the connection; undefined, with a warning, where connections cannot be aborted
 */
export function guardConnection(connection: number, log: Logger): AsyncDisposable | undefined {
  let abortFd: number;
  try {
    mountControl();
    abortFd = openSync(`/sys/fs/fuse/connections/${connection}/abort`, "w");
  } catch (error) {
    log.warn(`${MAY_HANG}: ${String(error)}`);
    return undefined;
  }
  const over = new AbortController();
  const kept = keepGuarded(abortFd, log, over.signal);
  return {
    async [Symbol.asyncDispose]() {
      over.abort();
      await kept;
      closeSync(abortFd);
    },
  };
}

async function keepGuarded(abortFd: number, log: Logger, signal: AbortSignal): Promise<void> {
  let kind: WitnessKind = "told";
  for (;;) {
    const started = performance.now();
    if (!(await endBefore(startGuardProcesses(abortFd, kind), signal))) return;
    if (performance.now() - started >= HOPELESS) {
      log.warn("what guards the connection was ended: once more");
    } else if (kind === "told") {
      kind = "looking";
      log.info(
        "this machine cannot tell who guards the connection of the server's end (setpriv --pdeathsig): it is looked for",
      );
    } else {
      log.warn(`${MAY_HANG}: what guards the connection ends at once`);
      await sleep(LATER, signal).catch(() => undefined);
    }
  }
}

/** @returns whether they have ended before the signal; otherwise they have by now */
async function endBefore(processes: GuardProcesses, signal: AbortSignal): Promise<boolean> {
  try {
    await untilAborted(processes.ended, signal);
    return true;
  } catch {
    await processes[Symbol.asyncDispose]();
    return false;
  }
}
