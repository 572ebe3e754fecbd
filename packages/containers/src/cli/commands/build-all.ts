import { createProgress, textProgress } from "@belay/supervise";
import { buildGraph } from "../../graph/build-graph.ts";
import type { NodeReport } from "../../graph/build-graph.ts";
import { Mistake } from "../../errors/mistake.ts";
import { loadGraph } from "../../graph/load.ts";
import { ownedScope } from "../../run/owned.ts";
import { given, text } from "../options.ts";
import type { Talk } from "../talk.ts";
import { buildRequest } from "./build.ts";
import type { Invocation } from "./command.ts";
import { engineFor } from "./command.ts";
import { differenceText } from "./explain.ts";

/** Builds what is stale in a folder of Dockerfiles. Leaves with 0 when every image is there afterwards. */
export async function buildAll(invocation: Invocation, folder: string): Promise<number> {
  const { talk, quiet, values } = invocation;
  const jobs = values.get("jobs");
  if (typeof jobs === "number" && jobs < 1) throw new Mistake("EUSAGE", `--jobs ${jobs}: at least one has to work`);
  const single = ["tag", "dockerfile"].find((name) => values.has(name));
  if (single !== undefined) {
    throw new Mistake("EUSAGE", `--all builds a folder, and takes no --${single}`, "--prefix is what tags begin with");
  }
  const nodes = loadGraph(folder, text(values, "prefix"));
  const engine = await engineFor(invocation);
  await using scope = await ownedScope();
  const dryRun = given(values, "dry_run");
  const { isTTY } = process.stderr;
  const write = (line: string): void => void process.stderr.write(line);
  const progress = createProgress(...(talk.machine || quiet ? [] : [textProgress({ write, isTTY })]));
  const phase = progress.phase(dryRun ? "check" : "build", "items", nodes.length);
  const reports = await buildGraph({ engine, scope, talk }, nodes, {
    requestOf: (node) => ({ ...buildRequest(invocation, node.tag, node.file), quiet: false }),
    dryRun,
    jobs: typeof jobs === "number" ? jobs : undefined,
    onEnd: (report) => {
      if (talk.machine) talk.json(reportJson(report));
      else tell(talk, quiet, report);
      phase.advance(1, report.tag);
    },
  });
  phase.end();
  const count = (result: string): number => reports.filter((each) => each.result === result).length;
  const counts = ["built", "stale", "current", "skipped", "refused", "failed", "blocked"].flatMap((each) => count(each) === 0 ? [] : [`${count(each)} ${each}`]); // prettier-ignore
  if (!quiet && !talk.machine) talk.say(counts.join(", "));
  return count("failed") + count("blocked") + count("refused") > 0 ? 1 : 0;
}

function reportJson({ error, differences, output, ...rest }: NodeReport): object {
  const failure = error === undefined ? {} : { error: error.message, output };
  return { ...rest, differences, ...failure };
}

function tell(talk: Talk, quiet: boolean, { tag, result, differences, error, output }: NodeReport): void {
  if (error !== undefined) talk.warn(`${tag}: ${error.message}\n${output}`);
  if (quiet || result === "current") return;
  const why = differences.map(differenceText).join(", ");
  talk.say(`${tag}: ${result}${why === "" ? "" : ` (${why})`}`);
}
