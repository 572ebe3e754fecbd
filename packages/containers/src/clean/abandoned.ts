import { readFileSync } from "node:fs";
import { endsWithin, userError } from "@belay/supervise";
import type { ProcessIdentity } from "@belay/supervise";
import { callForOutput, outputOf } from "../engine/call.ts";
import type { Engine } from "../engine/engine.ts";
import { storageUsers } from "./processes.ts";

/** A container of podman's storage that no run made: the workplace of a build. */
interface WorkingContainer {
  readonly id: string;
  readonly name: string;
  /** Seconds since the epoch. */
  readonly created: number;
}

/**
 * Removes working containers that a killed build has left.
 *
 * They bear no label. One is taken for ours when it was made since our build began, bears the name buildah gives to workplaces, and no podman
 * or buildah that could have made it lives any more. `buildah from` by hand, in the very seconds of our build, would look the same.
 *
 * @param since  when the build began, milliseconds since the epoch
 * @returns how many were removed
 * @throws BelayError `EBUSY` as long as another podman runs that may be their owner
 */
export async function removeWorkingContainers(engine: Engine, since: number): Promise<number> {
  const found = (await workingContainers(engine)).filter(({ created }) => created >= Math.floor(since / 1000));
  for (const { id, name, created } of found) {
    const owner = possibleOwner(engine, created);
    if (owner !== undefined && !(await endsWithin(owner, patienceMs))) {
      throw userError("EBUSY", `working container ${name} may belong to process ${owner.pid}, which still runs`, {
        hint: "belay doctor --fix once that has ended",
      });
    }
    await callForOutput(engine, ["rm", "-f", id]);
  }
  return found.length;
}

// Most podman commands are over in a moment.
const patienceMs = 5000;

function possibleOwner(engine: Engine, created: number): ProcessIdentity | undefined {
  return storageUsers(engine.env).find(({ startTime }) => startedAt(startTime) <= created + 1);
}

async function workingContainers(engine: Engine): Promise<WorkingContainer[]> {
  const answer: unknown = JSON.parse(await outputOf(engine, ["ps", "-a", "--external", "--format", "json"]));
  return Array.isArray(answer) ? answer.flatMap(workingContainer) : [];
}

function workingContainer(value: unknown): WorkingContainer[] {
  const { Id, Names, Created, State } = value as Readonly<Record<string, unknown>>;
  const name: unknown = Array.isArray(Names) ? Names[0] : undefined;
  if (typeof Id !== "string" || typeof name !== "string" || typeof Created !== "number") return [];
  return State === "storage" && /(^|-)working-container(-\d+)?$/.test(name) ? [{ id: Id, name, created: Created }] : [];
}

/** Clock ticks since boot as seconds since the epoch; the kernel counts 100 ticks a second for programs (USER_HZ). */
function startedAt(ticks: string): number {
  const boot = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "latin1"))?.[1] ?? "0";
  return Number(boot) + Number(ticks) / 100;
}
