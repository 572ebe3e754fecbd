import { chmodSync, rmSync } from "node:fs";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";

import { fileIdentity, type Ledger } from "@belay/supervise";

import { shortSocketPath } from "./short-path.ts";

/**
 * Listens on a Unix socket of mode 0600, however long its path is, until it is disposed of; that closes all connections and removes the socket.
 *
 * A socket that is there already is taken for what a dead process left: the caller holds the lock that allows only one.
 */
export async function listenLocal(
  ledger: Ledger,
  path: string,
  serve: (socket: Socket) => void,
): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    serve(socket);
  });
  const entry = await ledger.intend({ kind: "socket", path });
  rmSync(path, { force: true });
  // Node removes the name when it closes: the short one has to be good until then.
  const short = shortSocketPath(path);
  const previous = process.umask(0o177);
  try {
    server.listen(short.path);
    await once(server, "listening");
  } catch (error) {
    short[Symbol.dispose]();
    throw error;
  } finally {
    process.umask(previous);
  }
  chmodSync(path, 0o600);
  await entry.acquired(fileIdentity(path));
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
      short[Symbol.dispose]();
      await entry.release();
    },
  };
}
