import { hasCode, spawnProcess, type SpawnOptions, type SupervisedProcess } from "@belay/supervise";

import { faultError } from "../../monitor/fault.ts";

const noRoom = /No space left on device|Disk quota exceeded|Read-only file system/;

/** Starts a program in our process group. @throws BelayError `ENOENGINE` when it is not there */
export async function startProgram(
  argv: readonly string[],
  option: string,
  options: SpawnOptions,
): Promise<SupervisedProcess> {
  try {
    return await spawnProcess(argv, { group: "inherit", ...options });
  } catch (error) {
    if (!hasCode(error, "ENOENT", "EACCES")) throw error;
    const message = `${argv[0] ?? ""}: the program that carries content cannot be run`;
    const hint = `install it, or set ${option}; the engine stream needs no program`;
    throw faultError({ reason: "no-program", code: "ENOENGINE", message, hint }, error);
  }
}

/**
 * Waits for a program to end.
 *
 * @param perFile  exit codes that say that some files did not go: which, the destination will tell
 * @throws BelayError `ENOSPC` when the destination takes nothing; `EENGINE` for any other end
 */
export async function programEnd(child: SupervisedProcess, perFile: readonly number[]): Promise<void> {
  const { code, signal } = await child.exited;
  if (code === 0) return;
  const said = child.stderrTail().toString().trim();
  const what = `${child.argv[0] ?? ""} ended with ${signal ?? `exit code ${code ?? "?"}`}${said === "" ? "" : `: ${said.slice(-1000)}`}`;
  if (noRoom.test(said)) throw faultError({ reason: "engine", code: "ENOSPC", message: what });
  if (code !== undefined && perFile.includes(code)) return;
  throw faultError({
    reason: "engine",
    code: "EENGINE",
    message: what,
    hint: "look at its message; the engine stream needs no program",
  });
}
