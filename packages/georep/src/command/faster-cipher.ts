import { readFileSync } from "node:fs";
import { run } from "@belay/supervise";

const option = "-oCiphers=^aes128-gcm@openssh.com";

/**
 * Option of ssh for the cipher that costs least where processors know AES: ssh itself prefers one that is as fast everywhere, and most of the
 * time of a large file would be spent on it.
 *
 * @param ssh  program and options it is always called with
 * @returns undefined when this processor does not know AES, when somebody has chosen ciphers for the host, or when ssh does not know the option
 */
export async function fasterCipher(ssh: readonly string[], host: string): Promise<string | undefined> {
  if (!knowsAes(readFileSync("/proc/cpuinfo", "utf8"))) return undefined;
  const [chosen, usual, faster] = await Promise.all([
    ciphers([...ssh, host]),
    ciphers([...ssh, "-F", "none", host]),
    ciphers([...ssh, "-F", "none", option, host]),
  ]);
  return faster !== undefined && chosen === usual ? option : undefined;
}

/** Whether processors, as `/proc/cpuinfo` tells of them, have instructions for AES. */
export function knowsAes(cpuinfo: string): boolean {
  return /^(?:flags|Features)\s*:.*\baes\b/m.test(cpuinfo);
}

// With -G ssh connects to nobody: it prints what it would do.
async function ciphers([program = "", ...options]: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run([program, "-G", ...options]);
    return /^ciphers .*$/m.exec(stdout.toString())?.[0];
  } catch {
    return undefined;
  }
}
