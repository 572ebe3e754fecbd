import { writeFileSync } from "node:fs";

/**
 * Gives the process the name (`/proc/PID/comm`) that a program of its own would have.
 *
 * The runtime names its main thread after itself, and programs that look for the `wcfs` server compare this name.
 */
export function takeName(name: string): void {
  try {
    writeFileSync("/proc/self/comm", name);
  } catch {
    // Without /proc nobody can look for the name either.
  }
}
