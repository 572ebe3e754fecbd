import { BelayError } from "@belay/supervise";

import type { ProgramCall } from "./context.ts";
import { programEnd, startProgram } from "./program-end.ts";
import { plainPath, shellWords } from "./shell-words.ts";

/** Exit codes that concern single files: some were not sent, some vanished. */
const perFile = [23, 24];

/** Sends files by rsync: differences to what is staged, and never under names of the source. */
export async function sendByRsync({ place, policy, names, stage }: ProgramCall): Promise<void> {
  const { rsync, rsyncOptions, ignoresMissing, logsPerformance } = policy.programs;
  const isLogged = logsPerformance();
  const rate = policy.bandwidth();
  const argv = [
    rsync,
    // The names are links to the open files; what is staged is older, whatever its times say.
    ...["--copy-links", "--ignore-times", "--sparse", "--files-from=-", "--from0", "--no-relative"],
    ...(ignoresMissing ? ["--ignore-missing-args"] : []),
    ...(rate === undefined ? [] : [`--bwlimit=${Math.max(1, Math.floor(rate / 1024))}`]),
    ...(isLogged ? ["--stats"] : []),
    ...rsyncOptions,
    ...["./", ...target(place.shell, stage, policy.programs.rsyncShellOptions)],
  ];
  const stdin = Buffer.from(names.map((name) => `${name}\0`).join(""));
  const { directory: cwd, ledger } = place;
  await using child = await startProgram(argv, "rsync-command", { cwd, stdin, stdout: "capture", ledger });
  await programEnd(child, perFile);
  if (isLogged) logStats(place.logger, child.output().toString());
}

function target(shell: readonly string[] | undefined, stage: Buffer, more: readonly string[]): string[] {
  if (shell === undefined) return [`${stage.toString()}/`];
  const host = shell.at(-1) ?? "";
  if (host.startsWith("-")) throw new BelayError("EINVAL", `${host} is no machine`);
  return ["-e", shellWords([...shell.slice(0, -1), ...more]), `${host}:${plainPath(stage)}/`];
}

function logStats(logger: ProgramCall["place"]["logger"], text: string): void {
  for (const line of text.split("\n")) if (line.includes(": ")) logger.info(`rsync performance: ${line.trim()}`);
}
