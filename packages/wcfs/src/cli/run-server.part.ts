import { closeSync } from "node:fs";
import { clearMountpoint } from "../launcher/clear-mountpoint.ts";
import { startLockVariable } from "../launcher/lock-handover.ts";
import { serverMain } from "../server/server-main.ts";

/**
 * Runs the server in this process.
 *
 * @param args its options, the zurl and the mountpoint
 * @returns the exit code
 */
export async function runServer(args: readonly string[]): Promise<number> {
  const lock = process.env[startLockVariable];
  Reflect.deleteProperty(process.env, startLockVariable);
  let lockFd = lock === undefined ? undefined : Number(lock);
  const unlock = () => {
    if (lockFd !== undefined) closeSync(lockFd);
    lockFd = undefined;
  };
  const code = await serverMain([process.argv0, ...args], { onMounted: unlock });
  unlock();
  const mountpoint = args.at(-1);
  // Without the lock the mountpoint was made by somebody else, who removes it.
  if (lock !== undefined && mountpoint !== undefined) await clearMountpoint(mountpoint);
  // What still runs could only keep a server alive that has nothing to serve.
  process.exit(code);
}
