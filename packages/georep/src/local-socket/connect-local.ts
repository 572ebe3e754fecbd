import { once } from "node:events";
import { connect, type Socket } from "node:net";

import { hasCode } from "@belay/supervise";

import { shortSocketPath } from "./short-path.ts";

/**
 * Connects to a Unix socket, however long its path is.
 *
 * @returns undefined when nobody listens there
 */
export async function connectLocal(path: string): Promise<Socket | undefined> {
  try {
    using short = shortSocketPath(path);
    const socket = connect(short.path);
    await once(socket, "connect");
    return socket;
  } catch (error) {
    // Reset: whoever listened ended before he took it.
    if (hasCode(error, "ENOENT", "ECONNREFUSED", "ECONNRESET", "ENOTDIR")) return undefined;
    throw error;
  }
}
