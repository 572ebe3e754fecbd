import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The interpreter with ZODB that tests compare with. */
export const PYTHON =
  process.env["BELAY_PYTHON"] ?? fileURLToPath(new URL("../../../../.venv/bin/python", import.meta.url));

/** False where there is no Python with ZODB: its tests then report themselves as skipped, with the reason. */
export const havePython = existsSync(PYTHON);

if (!havePython) console.warn(`no ${PYTHON}: tests against Python's ZODB are skipped; set BELAY_PYTHON to run them`);

/** Runs a script with the real ZODB and returns what it printed. The input goes to its stdin. */
export function python(script: string, options: { input?: string | Uint8Array; args?: string[] } = {}): Buffer {
  const result = spawnSync(PYTHON, ["-c", script, ...(options.args ?? [])], {
    input: options.input ?? "",
    maxBuffer: 1 << 30,
    timeout: 120_000,
  });
  if (result.status !== 0) throw new Error(`python failed: ${result.stderr.toString()}`, { cause: result.error });
  return result.stdout;
}

/** As `python`, for a script that prints one JSON document. */
export function pythonJson(script: string, options: { input?: string | Uint8Array; args?: string[] } = {}): unknown {
  return JSON.parse(python(script, options).toString());
}
