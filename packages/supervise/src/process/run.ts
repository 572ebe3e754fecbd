import { spawnProcess } from "./spawn-process.ts";
import type { SpawnOptions } from "./types.ts";

/** What a program that succeeded wrote. */
export interface RunResult {
  readonly stdout: Buffer;
  /** The last MiB. */
  readonly stderr: Buffer;
}

/**
 * Runs a program to its end.
 *
 * @throws ProcessError unless it leaves with 0
 */
export async function run(argv: readonly string[], options: SpawnOptions = {}): Promise<RunResult> {
  await using child = await spawnProcess(argv, { stdout: "capture", ...options });
  await child.succeeded();
  return { stdout: child.output(), stderr: child.stderrTail() };
}
