import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { errnoName } from "@belay/supervise";

/** `running` with an open handle of `.wcfs/zurl`; `absent`: nothing mounted; `unclean`: a server died here and left its mount. */
export type AttachResult =
  | { readonly state: "running"; readonly handle: FileHandle }
  | { readonly state: "absent" }
  | { readonly state: "unclean" };

/** A server that died, or that is dying right now: ECONNABORTED is what requests under way get. */
const deadServerErrors: readonly (string | undefined)[] = ["ENOTCONN", "ECONNABORTED"];

/** Tells whether an error of an access below a mountpoint means that its server is gone. */
export function isDeadServer(error: unknown): boolean {
  return deadServerErrors.includes(errnoName(error));
}

/**
 * Looks whether a server serves at the mountpoint. As long as the handle is open the server has a client.
 *
 * @throws what open(2) says else: EACCES for another user's mount, EIO …
 */
export async function attach(mountpoint: string): Promise<AttachResult> {
  try {
    return { state: "running", handle: await open(join(mountpoint, ".wcfs", "zurl"), "r") };
  } catch (error) {
    if (errnoName(error) === "ENOENT") return { state: "absent" };
    if (isDeadServer(error)) return { state: "unclean" };
    throw error;
  }
}

/** Tells whether a server serves at the mountpoint, without staying attached. */
export async function isRunning(mountpoint: string): Promise<boolean> {
  const result = await attach(mountpoint);
  if (result.state === "running") await result.handle.close();
  return result.state === "running";
}
