import { chmodSync, lstatSync, mkdirSync, type Stats } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BelayError, hasCode } from "../errors/belay-error.ts";

/** Names the run directory, instead of the places below. */
export const runDirectoryVariable = "BELAY_RUN_DIR";

/**
 * The directory for what only lives as long as the machine runs: ledgers, locks, sockets. Made with mode 0700 if absent.
 *
 * `$BELAY_RUN_DIR`; else `/run/belay` for root; else `$XDG_RUNTIME_DIR/belay`; else, or where none of these can be made,
 * `/tmp/belay-UID`. The same user always gets the same place, so that a sweep finds what its earlier processes left.
 *
 * @throws BelayError `ERUNDIR` when the directory is somebody else's
 */
export function runDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const places = runDirectoryPlaces(env);
  const last = places.length - 1;
  for (const [index, place] of places.entries()) {
    try {
      return ownDirectory(place);
    } catch (error) {
      if (index === last || !hasCode(error, "EACCES", "EROFS", "ENOENT", "EPERM")) throw error;
    }
  }
  throw new BelayError("ERUNDIR", "no run directory"); // not reached: there is always a last place
}

/** Where {@link runDirectory} looks, in its order. */
export function runDirectoryPlaces(env: NodeJS.ProcessEnv = process.env): string[] {
  const given = env[runDirectoryVariable];
  if (given !== undefined && given !== "") return [given];
  const uid = ownUid();
  const xdg = env["XDG_RUNTIME_DIR"];
  const fallback = join(tmpdir(), `belay-${uid}`);
  if (uid === 0) return ["/run/belay", fallback];
  return xdg === undefined || xdg === "" ? [fallback] : [join(xdg, "belay"), fallback];
}

function ownDirectory(path: string): string {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== ownUid()) throw foreign(path, found);
  if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
  return path;
}

function foreign(path: string, found: Stats): BelayError {
  const what = found.isDirectory() ? `belongs to user ${found.uid}` : "is no directory";
  return new BelayError("ERUNDIR", `run directory ${path} ${what}`, {
    hint: `remove it, or name another directory in $${runDirectoryVariable}`,
    path,
  });
}

function ownUid(): number {
  return process.geteuid?.() ?? 0;
}
