import { BelayError, daemonize, firstInherited, hasCode, ownCommand, type DaemonizeOptions } from "@belay/supervise";

import { commandLock } from "../../session/command-lock.ts";

const daemonVariable = "_GSYNCD_DAEMON_";

/** Exit code, and text on stderr, of a role whose pid file another process holds. glusterd and scripts know them. */
const taken = { code: 2, text: "pidfile is taken, exiting.\n" };

/**
 * Runs a role as a daemon: in a process of its own that leads a session, started from the same command line. Resolves with 0 once that one
 * says that it is ready; in the daemon itself the role is run.
 *
 * @param foreground  the role is run here
 * @throws BelayError what keeps the daemon from starting
 */
export async function runDetached(foreground: boolean, role: () => Promise<number>): Promise<number> {
  try {
    if (foreground || isDaemon()) return await role();
    await startDetached(ownCommand(process.argv.slice(2)), { lock: commandLock.take() });
    return 0;
  } catch (error) {
    if (!(error instanceof BelayError) || !hasCode(error, "EPIDFILE")) throw error;
    process.stderr.write(taken.text);
    return taken.code;
  }
}

/** What a daemon is started with. */
export interface DetachedOptions extends Pick<DaemonizeOptions, "env" | "cwd" | "signal"> {
  /** Descriptor of the command's lock, which the daemon gets. */
  readonly lock: number | undefined;
}

/**
 * Starts a role as the daemon that {@link runDetached} would make of it, without a process in between, and waits until it says that it is ready.
 *
 * @param argv  program and arguments of the role
 * @throws BelayError what keeps the daemon from starting; the signal's reason
 */
export async function startDetached(
  argv: readonly string[],
  { lock, env = process.env, ...options }: DetachedOptions,
): Promise<void> {
  const marked = { ...env, [daemonVariable]: "1" };
  const passed =
    lock === undefined ? { env: marked } : { env: commandLock.pass(marked, firstInherited), inherit: [lock] };
  await daemonize({ argv, ...options, ...passed });
}

function isDaemon(): boolean {
  const is = process.env[daemonVariable] !== undefined;
  Reflect.deleteProperty(process.env, daemonVariable);
  return is;
}
