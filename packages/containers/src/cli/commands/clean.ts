import { clean as cleanUp } from "../../clean/clean.ts";
import type { CleanReport } from "../../clean/clean.ts";
import { given } from "../options.ts";
import type { CommandFunction } from "./command.ts";
import { engineFor } from "./command.ts";

/** `clean` of `belay container`: removes what is ours and dead; with `--all` also what is alive. */
export const clean: CommandFunction = async (invocation) => {
  const { values, talk, quiet } = invocation;
  const dryRun = given(values, "dry_run");
  const report = await cleanUp(await engineFor(invocation), { all: given(values, "all"), dryRun });
  const failed = report.swept.entries.filter(({ outcome }) => outcome === "failed");
  if (talk.machine) talk.json(reportJson(report));
  else if (!quiet) for (const line of lines(report, dryRun)) talk.say(line);
  for (const { entry, error } of failed) talk.warn(`${entry.kind} not removed: ${error?.message ?? "no reason told"}`);
  return failed.length > 0 ? 1 : 0;
};

function reportJson({ swept, containers, networks }: CleanReport): object {
  const entries = swept.entries.map(({ entry, owner, outcome }) => ({ kind: entry.kind, pid: owner.pid, outcome }));
  return { swept: entries, containers, networks };
}

function lines({ swept, containers, networks }: CleanReport, dryRun: boolean): string[] {
  return [
    ...swept.entries.map(({ entry, owner, outcome }) => `${entry.kind} of dead process ${owner.pid}: ${outcome}`),
    ...containers.map(({ id, state, owner, removed }) => {
      const done = removed ? "removed" : dryRun && owner === "dead" ? "would be removed" : "left alone, it is in use";
      return `container ${id} (${state}): ${done}`;
    }),
    ...networks.map((name) => `network ${name}: ${dryRun ? "would be removed" : "removed"}`),
  ];
}
