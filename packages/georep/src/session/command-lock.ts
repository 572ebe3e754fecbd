import { closeSync } from "node:fs";

const variable = "_GSYNCD_COMMAND_LOCK_";

/**
 * The environment of a monitor that gets the lock of the command which starts it on a descriptor.
 *
 * It has the lock until it holds its pid file, whatever becomes of that command: nobody else can stop, start or delete the session in between,
 * not knowing of it.
 */
export function withCommandLock(env: NodeJS.ProcessEnv, fd: number): NodeJS.ProcessEnv {
  return { ...env, [variable]: String(fd) };
}

/** The descriptor that this process got so; undefined: none. Asked once: its children get none by themselves. */
export function takeCommandLock(): number | undefined {
  const text = process.env[variable];
  Reflect.deleteProperty(process.env, variable);
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

/** Lets go of it: from now on others see that this process is there. */
export function dropCommandLock(): void {
  const fd = takeCommandLock();
  if (fd !== undefined) closeSync(fd);
}
