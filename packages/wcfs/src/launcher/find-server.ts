import { openProc, readStat, silentLogger, type Logger, type MountEntry, type ProcProcess } from "@belay/supervise";

/**
 * The server processes of a mount: named `wcfs`, run by the user who mounted, with `/dev/fuse` open, and started for this
 * database and mountpoint.
 *
 * The file they run is not compared: a server goes on while its program is replaced by a newer one.
 */
export function findServers(mount: MountEntry, logger: Logger = silentLogger): ProcProcess[] {
  const uid = mountingUser(mount);
  const isServer = (process: ProcProcess): boolean =>
    process.comm === "wcfs" && process.uid === uid && isStartedFor(process, mount) && hasFuseOpen(process);
  const found = [...openProc().query(isServer, { onDenied: "warn", logger })];
  const pids = new Set(found.map(({ pid }) => pid));
  // What a server has just forked looks like it until it becomes the program that it is for.
  return found.filter(({ pid }) => !pids.has(readStat(pid)?.ppid ?? 0));
}

// The kernel shows who may use the mount; that is whoever mounted it.
function mountingUser(mount: MountEntry): number | undefined {
  const option = mount.superOptions.find((word) => word.startsWith("user_id="));
  return option === undefined ? process.getuid?.() : Number(option.slice("user_id=".length));
}

function isStartedFor(process: ProcProcess, mount: MountEntry): boolean {
  const [zurl, mountpoint] = process.argv.slice(-2);
  return zurl?.equals(mount.source) === true && mountpoint?.equals(mount.point) === true;
}

function hasFuseOpen(process: ProcProcess): boolean {
  return [...process.fd.values()].some((fd) => fd.path.toString() === "/dev/fuse");
}
