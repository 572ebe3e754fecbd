import { silentLogger, type Logger } from "../log/logger.ts";
import { openProc } from "../proc/open-proc.ts";
import { isDenied, isGone } from "../proc/proc-error.ts";
import type { ProcProcess } from "../proc/types.ts";
import type { MountEntry, MountUser } from "./types.ts";

/**
 * Who uses a mount, without touching it: a server that hangs cannot hold us up.
 *
 * By working directory, executable and root (by name), open files (by mount id) and mappings (by device). Of processes in other mount
 * namespaces only mappings are seen. Processes we may not look at are warned about and left out.
 */
export function usersOfMount(mount: MountEntry, { logger = silentLogger }: { logger?: Logger } = {}): MountUser[] {
  const users: MountUser[] = [];
  for (const process of openProc({ isolation: "repeatable-read" }).processes()) {
    const uses = usesOf(process, mount, logger);
    if (uses.size > 0) users.push({ process, uses });
  }
  return users;
}

/** As lsof would print it: a line `  PROC ARGV` for each process, then `\tKEY\t-> PATH` for each use. */
export function usersText(users: readonly MountUser[]): string {
  return users.map((user) => `  ${user.process.text()} ${user.process.argvText()}\n${usesText(user)}`).join("");
}

/** The lines `\tKEY\t-> PATH` of one process. */
export function usesText({ uses }: MountUser): string {
  return [...uses].map(([key, path]) => `\t${key}\t-> ${path.toString()}\n`).join("");
}

function usesOf(process: ProcProcess, mount: MountEntry, logger: Logger): Map<string, Buffer> {
  const uses = new Map<string, Buffer>();
  try {
    for (const key of ["cwd", "exe", "root"] as const) {
      const path = readLink(process, key);
      if (path !== undefined && isInside(path, mount.point)) uses.set(key, path);
    }
    for (const file of process.fd.values()) if (file.mountId === mount.id) uses.set(`fd/${file.fd}`, file.path);
    for (const { dev, address, path } of process.mmaps) {
      if (dev === mount.dev) uses.set(`mmap/${address}`, path ?? Buffer.alloc(0));
    }
  } catch (error) {
    if (isGone(error)) return new Map(); // ended while we looked
    if (!isDenied(error)) throw error;
    logger.warn(`no access to ${process.text()} (${process.argvText()})`);
  }
  return uses;
}

// A kernel thread has none of the links, a zombie has lost them.
function readLink(process: ProcProcess, key: "cwd" | "exe" | "root"): Buffer | undefined {
  try {
    return process[key];
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isInside(path: Buffer, point: Buffer): boolean {
  if (!path.subarray(0, point.length).equals(point)) return false;
  return path.length === point.length || path[point.length] === 0x2f;
}
