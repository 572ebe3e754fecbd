import { endProcesses, registerKind } from "@belay/supervise";
import type { LedgerEntry, ReleaseOutcome } from "@belay/supervise";
import { releaseBuild } from "../clean/build-entry.ts";
import { clientsWith } from "../clean/processes.ts";
import { callForOutput, outputOf } from "../engine/call.ts";
import type { Engine } from "../engine/engine.ts";
import { labels } from "../engine/labels.ts";
import { recordedEngine } from "../engine/recorded-engine.ts";

/** A container or network of a run, found again by its label; the engine as it was called. */
export interface RunEntry extends LedgerEntry {
  readonly kind: "container" | "network";
  readonly instance: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Removes the containers of an instance, running or not, and ends the engine's client if it still is at work: it may be about to make the
 * very container that is to go.
 *
 * @throws BelayError `EENGINE` when the engine cannot tell or remove
 */
export async function removeContainers(engine: Engine, instance: string): Promise<ReleaseOutcome> {
  const word = `${labels.instance}=${instance}`;
  const remove = (): Promise<ReleaseOutcome> =>
    removeFound(engine, ["ps", "-q", "-a", `--filter=label=${word}`], removeNow(engine));
  const first = await remove();
  if (!(await endProcesses(() => clientsWith(word), { timeoutMs: 4000 }))) return first;
  await remove();
  return "released";
}

/** Words that remove a running container at once: podman would give its command ten seconds to end by itself. */
export function removeNow(engine: Engine): string[] {
  return engine.kind === "podman" ? ["rm", "-f", "-t", "0"] : ["rm", "-f"];
}

/** Removes the network made for an instance. @throws BelayError `EENGINE` */
export function removeNetwork(engine: Engine, instance: string): Promise<ReleaseOutcome> {
  return removeFound(
    engine,
    ["network", "ls", "-q", `--filter=label=${labels.network}=${instance}`],
    ["network", "rm"],
  );
}

// Somebody else may remove the same thing at the same moment: what counts is that it is not there afterwards.
async function removeFound(
  engine: Engine,
  list: readonly string[],
  remove: readonly string[],
): Promise<ReleaseOutcome> {
  const ids = (await outputOf(engine, list)).split(/\s+/).filter((id) => id !== "");
  for (const id of ids) {
    const { status, stderr } = await callForOutput(engine, [...remove, id]);
    if (status !== 0 && !/no such|not found|no container|already in progress/i.test(stderr)) {
      const { engineFailed } = await import("../errors/engine-errors.ts");
      throw engineFailed([...engine.command, ...remove, id], status, stderr.trim());
    }
  }
  return ids.length === 0 ? "gone" : "released";
}

/** Teaches the ledger the resources of this package. Whoever sweeps calls it first. */
export function registerContainerKinds(): void {
  const of = (entry: LedgerEntry): RunEntry => entry as RunEntry;
  registerKind("container", (entry) => removeContainers(recordedEngine(of(entry)), of(entry).instance));
  registerKind("network", (entry) => removeNetwork(recordedEngine(of(entry)), of(entry).instance));
  registerKind("build", releaseBuild);
}
