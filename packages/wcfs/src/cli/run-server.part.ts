import { closeSync } from "node:fs";
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
  const code = await serverMain([process.argv0, ...args], {
    onMounted: () => {
      if (lock !== undefined) closeSync(Number(lock));
    },
  });
  // What still runs could only keep a server alive that has nothing to serve.
  process.exit(code);
}
