import { spawn } from "node:child_process";
import { once } from "node:events";
import { setCloseOnExec } from "@belay/linux";
import { onAbort, silentLogger, userError } from "@belay/supervise";
import { clearMountpoint } from "./clear-mountpoint.ts";
import { serverOptionsOfEnvironment } from "./environment.ts";
import { prepare } from "./prepare.ts";
import { serverArguments, serverProgram } from "./server-program.ts";
import type { StartOptions } from "./spawn-server.ts";
import { withStartLock } from "./lock-handover.ts";

/**
 * Serves a database as this very process: the server takes its place (execve), with its name, arguments and file.
 *
 * The start lock goes over to the server, which lets go of it when it has mounted.
 *
 * @throws BelayError `EALREADY`
 */
export async function serveInPlace(zurl: string, options: StartOptions = {}): Promise<never> {
  const { logger = silentLogger } = options;
  logger.info(`serving ${zurl} ...`);
  const { mountpoint, lock } = await prepare("serve", zurl, options);
  const program = serverProgram();
  const words = [...serverOptionsOfEnvironment(), ...(options.options ?? [])];
  setCloseOnExec(lock.fd, false);
  return become(
    program.file,
    [program.argv0, ...serverArguments(program, words, zurl, mountpoint)],
    withStartLock(lock.fd),
  );
}

/** Shows the server's own options, as `wcfs serve -h` does. */
export function showServerOptions(): never {
  const program = serverProgram();
  return become(program.file, [program.argv0, ...program.prefix, "-h"], process.env);
}

/**
 * Serves a database in a child process until that ends.
 *
 * @throws BelayError `EALREADY`; `ESERVER` when the server ends with anything but 0
 */
export async function serve(zurl: string, options: StartOptions = {}): Promise<void> {
  const { logger = silentLogger } = options;
  logger.info(`serving ${zurl} ...`);
  const prepared = await prepare("serve", zurl, options);
  const program = serverProgram();
  const words = [...serverOptionsOfEnvironment(), ...(options.options ?? [])];
  const child = spawn(program.file, serverArguments(program, words, zurl, prepared.mountpoint), {
    argv0: program.argv0,
    stdio: ["ignore", "inherit", "inherit", prepared.lock.fd],
    env: withStartLock(3),
  });
  const end = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  // The child has the lock now; ours is a copy.
  prepared[Symbol.dispose]();
  using _stopping = onAbort(options.signal, () => child.kill("SIGTERM"));
  const [code, signalName] = await end;
  // It does so itself, unless it was killed.
  await clearMountpoint(prepared.mountpoint);
  if (code !== 0) throw userError("ESERVER", `wcfs: serve ${zurl}: exited with ${code ?? signalName ?? "nothing"}`);
}

function become(file: string, argv: readonly string[], environment: NodeJS.ProcessEnv): never {
  if (process.execve === undefined) throw userError("EUNSUPPORTED", "this runtime cannot replace itself by the server");
  process.execve(file, argv, environment);
  throw new Error("execve returned");
}
