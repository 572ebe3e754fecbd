import { relative } from "node:path";

import {
  close,
  open,
  openat2,
  O_DIRECTORY,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from "@belay/linux";
import { BelayError, hasCode } from "@belay/supervise";

import { normalizePath } from "../../url/normalize-path.ts";

/** The directory a secondary writes to, held open. */
export interface OpenRoot extends Disposable {
  /** Leads to it and to nothing else. */
  readonly path: string;
}

/**
 * Opens the destination. For restricted callers it has to be there: they would choose what is made. For others it is made when a session is
 * opened.
 *
 * @param only  folders it has to be one of or lie in; links below them are not followed. undefined: any folder
 * @throws BelayError `ERESTRICTED`; errno errors of opening it
 */
export function openRoot(path: string, only: readonly string[] | undefined): OpenRoot {
  if (only === undefined) return { path, [Symbol.dispose]: () => undefined };
  const wanted = normalizePath(path);
  const allowed = only.map(normalizePath).find((folder) => isWithin(wanted, folder));
  if (allowed === undefined) {
    throw new BelayError("ERESTRICTED", `disallowed gsyncd invocation: this key is for ${only.join(", ")} only`);
  }
  const fd = openBelow(allowed, relative(allowed, wanted));
  return { path: `/proc/self/fd/${fd}`, [Symbol.dispose]: () => close(fd) };
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || folder === "/" || path.startsWith(`${folder}/`);
}

function openBelow(folder: string, path: string): number {
  const flags = O_RDONLY | O_DIRECTORY;
  const top = openThere(folder, flags);
  if (path === "") return top;
  try {
    return openat2(top, path, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  } finally {
    close(top);
  }
}

function openThere(folder: string, flags: number): number {
  try {
    return open(folder, flags);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
    throw new BelayError("EDESTINATION", `${folder} is no directory`, {
      hint: "make it: whoever comes with this key cannot",
      cause: error,
    });
  }
}
