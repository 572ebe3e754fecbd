import { execFileSync } from "node:child_process";

/**
 * Makes a directory a file system of its own, for floods of changes: who watches by fanotify is told of all changes on a file system, and others do
 * that on the one of the temporary files at the same time. Nothing is mounted where that is not allowed; there is no fanotify then, either.
 *
 * @param size  as tmpfs takes it
 */
export function ownFileSystem(path: string, size = "50%"): Disposable {
  if (process.geteuid?.() !== 0) return { [Symbol.dispose]: () => undefined };
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path]);
  return { [Symbol.dispose]: () => execFileSync("umount", ["-l", path]) };
}
