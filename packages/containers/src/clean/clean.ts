import { sweep } from "@belay/supervise";
import type { SweepReport } from "@belay/supervise";
import { outputOf } from "../engine/call.ts";
import type { Engine } from "../engine/engine.ts";
import { labels } from "../engine/labels.ts";
import { registerContainerKinds, removeNow } from "../run/release.ts";
import { labelled, ownerOf } from "./labelled.ts";

/** One container that bears our label. */
export interface LabelledContainer {
  readonly id: string;
  readonly instance: string;
  /** The engine's word: running, exited, created, … */
  readonly state: string;
  /** `alive`: a client waits for it, or it was started to run without one (`-d`) and runs. `dead`: all else. */
  readonly owner: "dead" | "alive";
  readonly removed: boolean;
}

/** What a clean-up found and did. */
export interface CleanReport {
  readonly swept: SweepReport;
  readonly containers: readonly LabelledContainer[];
  readonly networks: readonly string[];
}

/**
 * Removes what is ours and dead: first what stands in the ledgers of processes that are no more, then containers with our label that no
 * client waits for, and networks of such runs. What bears no label of ours is never touched.
 *
 * @param options.all  also what is alive
 */
export async function clean(
  engine: Engine,
  options: { readonly all: boolean; readonly dryRun: boolean },
): Promise<CleanReport> {
  registerContainerKinds();
  const swept = await sweep({ fix: !options.dryRun });
  const containers: LabelledContainer[] = [];
  for (const found of await labelled(engine)) {
    const owner = ownerOf(found);
    const removed = !options.dryRun && (options.all || owner === "dead");
    if (removed) await outputOf(engine, [...removeNow(engine), found.id]);
    containers.push({ ...found, owner, removed });
  }
  return { swept, containers, networks: options.all ? await allNetworks(engine, options.dryRun) : [] };
}

async function allNetworks(engine: Engine, dryRun: boolean): Promise<string[]> {
  const format = ["--format", "{{.Name}}"];
  const names = (await outputOf(engine, ["network", "ls", `--filter=label=${labels.network}`, ...format])).split(/\s+/).filter(Boolean); // prettier-ignore
  if (!dryRun) for (const name of names) await outputOf(engine, ["network", "rm", name]);
  return names;
}
