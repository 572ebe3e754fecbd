import { tmpdir } from "node:os";
import { join } from "node:path";
import { runDirectory, tempDir, type Ledger } from "@belay/supervise";

/** What ssh adds to the path of its socket while it makes it. */
const room = 20;
const prefix = "gsyncd-ssh-";
const name = "control";

/**
 * Path for the socket that ssh connections to one machine share (`ControlPath`), in a directory of our own, which goes with the ledger.
 *
 * It lies beside the ledger, which can be written to wherever this process may run; a unit may have everything else read-only.
 *
 * @returns undefined where the path would be too long for a socket
 */
export async function openControlPath(ledger: Ledger): Promise<string | undefined> {
  const parent = [runDirectory(), tmpdir()].find(isShortEnough);
  if (parent === undefined) return undefined;
  const path = (await tempDir(ledger, { parent, prefix })).file(name);
  return fits(path) ? path : undefined;
}

function isShortEnough(parent: string): boolean {
  return fits(join(parent, prefix + crypto.randomUUID(), name));
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) + room <= 107;
}
