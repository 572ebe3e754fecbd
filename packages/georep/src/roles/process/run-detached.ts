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
    await daemonize({ argv: ownCommand(process.argv.slice(2)), ...daemonSurroundings() });
    return 0;
  } catch (error) {
    if (!(error instanceof BelayError) || !hasCode(error, "EPIDFILE")) throw error;
    process.stderr.write(taken.text);
    return taken.code;
  }
}

function daemonSurroundings(): Pick<DaemonizeOptions, "env" | "inherit"> {
  const lock = commandLock.take();
  const env = { ...process.env, [daemonVariable]: "1" };
  return lock === undefined ? { env } : { env: commandLock.pass(env, firstInherited), inherit: [lock] };
}

function isDaemon(): boolean {
  const is = process.env[daemonVariable] !== undefined;
  Reflect.deleteProperty(process.env, daemonVariable);
  return is;
}
