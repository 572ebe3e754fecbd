import { errorText } from "./proc-error.ts";
import type { ProcProcess } from "./types.ts";

/**
 * Where each thread of a process is in the kernel: PROC, then for each task an empty line, its name and its stack. Never
 * throws: what cannot be read stands as `(TEXT)`. Needs CAP_SYS_ADMIN to show more than that.
 */
export function kernelTraceback(process: ProcProcess): string {
  const parts = [`${process.text()}\n`];
  try {
    for (const task of process.tasks.values()) parts.push(`\n${task.text()}\n${stackOf(() => task.ktraceback)}`);
  } catch (error) {
    parts.push(`${errorText(error)}\n`);
  }
  return parts.join("");
}

function stackOf(read: () => string): string {
  try {
    return read();
  } catch (error) {
    return `${errorText(error)}\n`;
  }
}
