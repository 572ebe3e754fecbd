import { jsonProgress, textProgress } from "./printers.ts";
import { createProgress, type Progress } from "./progress.ts";

/**
 * Progress as the commands show it, on standard error: JSON lines with `json`, nothing with `quiet`, and else a line of
 * text that is written over, if there is a terminal to do so.
 */
export function progressOnStderr({ json = false, quiet = false }: { json?: boolean; quiet?: boolean } = {}): Progress {
  const write = (text: string) => void process.stderr.write(text);
  if (quiet) return createProgress();
  if (json) return createProgress(jsonProgress({ write }));
  return process.stderr.isTTY ? createProgress(textProgress({ write, isTTY: true })) : createProgress();
}
