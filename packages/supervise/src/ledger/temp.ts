import { mkdirSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileIdentity } from "./release-files.ts";
import type { Ledger } from "./types.ts";

/** A directory that goes with its scope, and all in it. */
export interface TempDirectory extends AsyncDisposable {
  readonly path: string;
  /** Path of a name in it. */
  file(name: string): string;
}

/**
 * Makes a directory of mode 0700 with a random name.
 *
 * @param options.parent  where; default the system's directory for temporary files
 * @param options.prefix  first part of its name; default `belay-`
 */
export async function tempDir(
  ledger: Ledger,
  options: { parent?: string; prefix?: string } = {},
): Promise<TempDirectory> {
  const { parent = tmpdir(), prefix = "belay-" } = options;
  const path = join(realpathSync(parent), prefix + crypto.randomUUID());
  const entry = await ledger.intend({ kind: "temp-dir", path });
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    await entry.forget();
    throw error;
  }
  await entry.acquired(fileIdentity(path));
  return { path, file: (name) => join(path, name), [Symbol.asyncDispose]: () => entry.release() };
}
