import { existsSync } from "node:fs";
import { isSea } from "node:sea";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** How to start the server: its file, what the kernel is to call it, and what comes before its options. */
export interface ServerProgram {
  readonly file: string;
  readonly argv0: string;
  readonly prefix: readonly string[];
}

/**
 * The program that serves.
 *
 * It is the executable named `wcfs` beside the one that runs: launchers recognise a server by the name of its process, which the kernel
 * takes from the file. From the sources it is the runtime with the script of `wcfs`, which takes that name by itself.
 */
export function serverProgram(): ServerProgram {
  if (!isSea()) {
    const script = fileURLToPath(new URL("../cli/wcfs.ts", import.meta.url));
    return { file: process.execPath, argv0: process.execPath, prefix: [script] };
  }
  const file = join(dirname(process.execPath), "wcfs");
  if (existsSync(file)) return { file, argv0: file, prefix: [] };
  return { file: process.execPath, argv0: process.execPath, prefix: ["wcfs", "server"] };
}

/** The server's argv, its program's name not included: the last two are the zurl and the mountpoint, by which it is found again. */
export function serverArguments(
  program: ServerProgram,
  options: readonly string[],
  zurl: string,
  mountpoint: string,
): readonly string[] {
  return [...program.prefix, ...options, zurl, mountpoint];
}
