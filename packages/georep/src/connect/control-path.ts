import { tempDir, type Ledger } from "@belay/supervise";

/** What ssh adds to the path of its socket while it makes it. */
const room = 20;

/**
 * Path for the socket that ssh connections to one machine share (`ControlPath`), in a directory of our own, which goes with the ledger.
 *
 * @returns undefined where the path would be too long for a socket
 */
export async function openControlPath(ledger: Ledger): Promise<string | undefined> {
  const directory = await tempDir(ledger, { prefix: "gsyncd-ssh-" });
  const path = directory.file("control");
  return Buffer.byteLength(path) + room <= 107 ? path : undefined;
}
