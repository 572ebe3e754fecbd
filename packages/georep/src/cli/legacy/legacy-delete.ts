import { lstatSync, readdirSync, rmSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { BelayError, hasCode } from "@belay/supervise";

/** Which values name files of a session; whatever begins like them goes too. */
const fileKeys = ["pid_file", "state_file", "state_detail_file", "state_socket_unencoded"];

/**
 * Removes the files of a session: its working folder, its pid and status files, and what lies in the folder of its `gsyncd.conf`, hidden
 * files excepted. Names are taken as they are, patterns in them mean nothing.
 *
 * @throws BelayError `EUNLINK` when something cannot be removed, as a folder among the files
 */
export function deleteLegacySession(values: ReadonlyMap<string, string>, configFile: string): void {
  removeWorkingFolder(values.get("working_dir"));
  for (const key of fileKeys) {
    const path = values.get(key);
    if (path !== undefined && path !== "") removeBeginningWith(path);
  }
  if (basename(configFile) === "gsyncd.conf") removeBeginningWith(join(dirname(configFile), "/"));
}

function removeWorkingFolder(path: string | undefined): void {
  if (path === undefined || path === "") return;
  // A folder at the top of the file system is nobody's working folder.
  if (path.split("/").filter(Boolean).length < 2) {
    throw new BelayError("EUNLINK", `Error while removing working dir: ${path}`, {
      hint: "this is no folder of a session",
    });
  }
  rmSync(path, { recursive: true, force: true });
}

function removeBeginningWith(prefix: string): void {
  const folder = prefix.endsWith("/") ? prefix : dirname(prefix);
  const start = prefix.endsWith("/") ? "" : basename(prefix);
  for (const name of namesIn(folder)) {
    if (name.startsWith(start) && (start !== "" || !name.startsWith("."))) unlink(join(folder, name));
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

function unlink(path: string): void {
  try {
    if (lstatSync(path).isDirectory())
      throw new BelayError("EUNLINK", `Unlink error: ${path}`, { hint: "it is a folder" });
    unlinkSync(path);
  } catch (error) {
    if (error instanceof BelayError) throw error;
    if (!hasCode(error, "ENOENT")) throw new BelayError("EUNLINK", `Unlink error: ${path}`, { cause: error });
  }
}
