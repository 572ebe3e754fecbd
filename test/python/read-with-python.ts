import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const python = process.env["BELAY_PYTHON"] ?? fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));

/** False where there is no Python with ZODB; its tests are skipped then. */
export const havePython = existsSync(python);

if (!havePython) console.warn(`no ${python}: tests against Python's ZODB are skipped; make setup makes it`);

/**
 * Reads a big file with the real ZODB: its trees are checked, and every block is put together from the objects themselves.
 *
 * @param name  key in the root object
 */
export function readWithPython(zurl: string, name: string): Buffer {
  const script = fileURLToPath(new URL("./read-bigfile.py", import.meta.url));
  const done = spawnSync(python, [script, zurl.replace("file://", ""), name], { maxBuffer: 2 ** 30, timeout: 120_000 });
  if (done.status !== 0) throw new Error(`python failed: ${done.stderr.toString()}`);
  return done.stdout;
}
