/**
 * The kernel's view of a connection: its number is the minor device number of the mount (st_dev of everything inside).
 *
 * The number is taken from mountinfo, as stat(2) of the mount would ask the server, which may be the one that hangs.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { BelayError, mountControl } from "@belay/supervise";

const fusectl = "/sys/fs/fuse/connections";

/**
 * Number of the connection whose mount is uppermost at a path.
 *
 * @param mountpoint  absolute, without symbolic links
 * @returns undefined when nothing is mounted there
 */
export function connectionAt(mountpoint: string): number | undefined {
  // proc_pid_mountinfo(5): id, parent, major:minor, root, mount point …; later mounts come later
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const escaped = mountpoint.replace(/[ \t\n\\]/g, octal);
  const line = lines.findLast((candidate) => candidate.split(" ")[4] === escaped);
  const device = line?.split(" ")[2]?.split(":")[1];
  return device === undefined ? undefined : Number(device);
}

/**
 * Aborts a connection: whoever waits for an answer gets ECONNABORTED, later accesses ENOTCONN, and a server that hangs
 * in the kernel is free again. The mount stays until it is unmounted. Needs root.
 *
 * @throws BelayError `ENOFUSECTL` when the machine has no control file system; ENOENT when the connection is gone
 */
export function abortConnection(connection: number): void {
  needFusectl();
  writeFileSync(`${fusectl}/${connection}/abort`, "1");
}

/** Requests of a connection that wait for an answer. Needs root, or the user who mounted. */
export function waitingRequests(connection: number): number {
  needFusectl();
  return Number(readFileSync(`${fusectl}/${connection}/waiting`, "utf8"));
}

/**
 * Sets how many bytes the kernel reads ahead on the mount. The INIT exchange can only lower the kernel's 128 KiB; 1 MiB
 * makes sequential reading half as fast again. Needs root.
 */
export function setReadAhead(connection: number, bytes: number): void {
  writeFileSync(`/sys/class/bdi/0:${connection}/read_ahead_kb`, String(Math.ceil(bytes / 1024)));
}

function needFusectl(): void {
  mountControl();
  if (existsSync(fusectl)) return;
  throw new BelayError("ENOFUSECTL", `there is no ${fusectl}`, { hint: "load the kernel module: modprobe fuse" });
}

function octal(character: string): string {
  return `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
}
