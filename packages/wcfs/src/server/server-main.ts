import { statSync } from "node:fs";
import { cloneFuseFd, mountFuse } from "@belay/fuse";
import type { FuseMount } from "@belay/fuse";
import { close } from "@belay/linux";
import { reaches, writeLine, type Logger } from "@belay/supervise";
import { goQuote } from "../launcher/go-quote.ts";
import type { Report } from "./messages.ts";
import type { ServerOptions } from "./options.ts";
import { parseCommandLine } from "./options.ts";
import { guardConnection } from "./guard.ts";
import { openServerLog } from "./server-log.ts";
import type { ServerLog } from "./server-log.ts";
import { Running } from "./running.ts";
import { handleSignals } from "./signals.ts";
import type { ServerThreads } from "./threads.ts";
import { startThreads } from "./threads.ts";

/** Exit code when the server could not start, as the reference has it. */
const CANNOT_START = 2;

/** What the caller of the server is told. */
export interface ServerHooks {
  /** The mount is there: whoever opens something in it waits until it is served. */
  readonly onMounted?: () => void;
}

/**
 * Runs the server: `wcfs [OPTIONS] zurl mntpt`. Returns when the file system has been unmounted, or has failed.
 *
 * @param argv the program's name first, as the kernel gives it
 * @returns the exit code: 0 after an unmount or a signal that asks to end; 2 when the command line is wrong or the server cannot start;
 *   1 when it had to give up. The caller must end the process then: what it could not close the kernel does
 */
export async function serverMain(argv: readonly string[], hooks: ServerHooks = {}): Promise<number> {
  const line = parseCommandLine(argv);
  if (line.options === undefined) {
    writeLine(2, line.stderr);
    return line.status;
  }
  const log = openServerLog(line.options.log);
  const code = await runServer(line.options, log, hooks);
  log.log.info(`stop ${namesOf(line.options)}`);
  return code;
}

function namesOf({ mountpoint, zurl }: ServerOptions): string {
  return `${goQuote(mountpoint)} ${goQuote(zurl)}`;
}

async function runServer(options: ServerOptions, { log, sinks }: ServerLog, hooks: ServerHooks): Promise<number> {
  const running = new Running(log);
  let isLogged = false;
  const logStart = () => {
    if (isLogged) return;
    isLogged = true;
    log.info(`start ${namesOf(options)}`);
    log.info(`(built with node ${process.version})`);
  };
  using _signals = handleSignals(running);
  const onReport = (report: Report) => {
    if (report.kind !== "log") {
      running.take(report);
      return;
    }
    for (const sink of sinks) if (reaches(report.record.level, sink.threshold)) sink.write(report.record);
  };
  try {
    needDirectory(options.mountpoint);
    await using threads = startThreads(options, onReport);
    running.threadsStarted(threads);
    // Opening the log's file takes as long as it takes the thread to come up; nothing is reported before this one waits.
    logStart();
    if (!(await running.databaseOpened())) return 0;
    return await serveMounted(options, threads, running, log, hooks);
  } catch (error) {
    logStart();
    log.fatal(error instanceof Error ? error.message : String(error));
    return CANNOT_START;
  }
}

// The mount is not this scope's to unmount: it may have been unmounted, or has to stay so that users see what happened.
async function serveMounted(
  options: ServerOptions,
  threads: ServerThreads,
  running: Running,
  log: Logger,
  hooks: ServerHooks,
): Promise<number> {
  const mount = await mountWcfs(options);
  threads.tell({ kind: "serve", fuseFd: mount.fd });
  hooks.onMounted?.();
  // Whatever was inherited for the time until the mount is there has been let go of by now. What is guarded against needs a notify thread.
  await using _guard = guardConnection(mount.connection, log);
  const notifyFd = cloneFuseFd(mount.fd);
  try {
    running.notifyStarted(threads.startNotifying(notifyFd, mount.mountpoint));
    return await running.untilEnd(mount);
  } finally {
    close(notifyFd);
    close(mount.fd);
  }
}

// mount(2) would take a file, too, and the mount would be of no use.
function needDirectory(mountpoint: string): void {
  if (!statSync(mountpoint).isDirectory()) throw new Error(`${mountpoint}: not a directory`);
}

function mountWcfs({ zurl, mountpoint }: ServerOptions): Promise<FuseMount> {
  return mountFuse(mountpoint, { fsname: zurl, subtype: "wcfs", maxRead: 1 << 20 });
}
