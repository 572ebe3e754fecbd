import { BelayError, toError } from "@belay/supervise";

/**
 * Runs another program in place of this process (execve).
 *
 * @returns 127 when it cannot be run; otherwise it does not return
 */
export function replaceProcess(file: string, argv: readonly string[], env: NodeJS.ProcessEnv): number {
  if (process.execve === undefined)
    throw new BelayError("ENOSYS", "this runtime cannot run another program in its place");
  try {
    process.execve(file, [...argv], env);
  } catch (error) {
    process.stderr.write(`gsyncd: ${file} cannot be run: ${toError(error).message}\n`);
  }
  return 127;
}
