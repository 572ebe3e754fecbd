import { accessSync, appendFileSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { BelayError, writeFileAtomic } from "@belay/supervise";
import type { RunRecord } from "./record.ts";

/**
 * Finds out before a run that its record could not be written after it.
 *
 * @throws BelayError with the errno name
 */
export function checkRecordFile(path: string): void {
  try {
    if (isPlace(path)) accessSync(dirname(path), constants.W_OK);
    else accessSync(path, constants.W_OK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
    throw new BelayError(code, `no record can be written to ${path}`, { cause });
  }
}

/** Writes a record: a file is replaced as a whole, what is no file (a pipe, /dev/stderr) is written to. @throws errno errors */
export async function writeRecord(path: string, record: RunRecord): Promise<void> {
  const text = `${JSON.stringify(record)}\n`;
  if (isPlace(path)) await writeFileAtomic(path, Buffer.from(text));
  else appendFileSync(path, text);
}

// A regular file, or none yet: renaming another one over it is what replaces it.
function isPlace(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
}
