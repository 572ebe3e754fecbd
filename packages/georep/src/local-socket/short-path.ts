import { dirname, basename } from "node:path";

import { close, open, O_DIRECTORY, O_PATH } from "@belay/linux";

/** Longest path of a Unix socket, in bytes: `sun_path` less the NUL. */
const longest = 107;

/** A path that a socket can be bound or connected to. */
export interface SocketPath extends Disposable {
  readonly path: string;
}

/**
 * A short name for a socket's path, which may be longer than the kernel takes: through a descriptor of its directory. The short name is good
 * as long as the result is not disposed of; the socket itself lies where it was to lie.
 *
 * @throws ErrnoError of open(2) when the directory is not there
 */
export function shortSocketPath(path: string): SocketPath {
  if (Buffer.byteLength(path) <= longest) return { path, [Symbol.dispose]: () => undefined };
  const fd = open(dirname(path), O_PATH | O_DIRECTORY);
  return { path: `/proc/self/fd/${fd}/${basename(path)}`, [Symbol.dispose]: () => close(fd) };
}
