import { randomBytes } from "node:crypto";
import { accessSync, constants, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@belay/supervise";
import type { Ledger, TempDirectory } from "@belay/supervise";

/** The directory for temporary files, by the rules of Python's tempfile: TMPDIR, TEMP, TMP, then the usual places. */
export function temporaryFolder(env: NodeJS.ProcessEnv = process.env): string {
  const given = [env["TMPDIR"], env["TEMP"], env["TMP"]].filter((each) => each !== undefined && each !== "");
  const usable = [...given, "/tmp", "/var/tmp", "/usr/tmp"].find((each) => each !== undefined && isWritable(each));
  return usable ?? process.cwd();
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** An empty build context, gone with its scope; the ledger knows it until then. */
export function contextFolder(ledger: Ledger): Promise<TempDirectory> {
  return tempDir(ledger, { parent: temporaryFolder(), prefix: "docker_build" });
}

/** Writes a Dockerfile of a random name into the context, readable by us alone. @returns its path */
export function writeDockerfile(context: string, text: string): string {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789_";
  const name = [...randomBytes(8)].map((byte) => letters[byte % letters.length]).join("");
  const path = join(context, `tmp${name}.docker`);
  writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  return path;
}
