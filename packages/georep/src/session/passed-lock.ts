import { closeSync } from "node:fs";

import { takeDescriptor } from "./take-descriptor.ts";

/** A lock that a process gets from the one that starts it, on a descriptor, and has until others can see that it is there. */
export interface PassedLock {
  /** The environment of a process that gets the lock on a descriptor. */
  readonly pass: (env: NodeJS.ProcessEnv, fd: number) => NodeJS.ProcessEnv;
  /** The descriptor that this process got so; undefined: none. Asked once: its children get none by themselves. */
  readonly take: () => number | undefined;
  /** Lets go of it: from now on others see that this process is there. */
  readonly drop: () => void;
}

/** @param variable  of the environment, which tells the descriptor */
export function passedLock(variable: string): PassedLock {
  const take = () => takeDescriptor(variable);
  const drop = () => {
    const fd = take();
    if (fd !== undefined) closeSync(fd);
  };
  return { pass: (env, fd) => ({ ...env, [variable]: String(fd) }), take, drop };
}
