import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { MNT_DETACH, umount2 } from "@belay/linux";
import { endProcesses, MountTable } from "@belay/supervise";
import type { Ledger, LedgerEntry, ReleaseFunction } from "@belay/supervise";
import { callForOutput } from "../engine/call.ts";
import type { Engine } from "../engine/engine.ts";
import { recordedEngine, recordEngine } from "../engine/recorded-engine.ts";
import type { RecordedEngine } from "../engine/recorded-engine.ts";
import { removeWorkingContainers } from "./abandoned.ts";
import { clientsWith, processesMounting, processesWithVariable } from "./processes.ts";

/** A build under way. */
export interface BuildEntry {
  /** Environment for the engine's client. */
  readonly env: NodeJS.ProcessEnv;
  /** The client left by itself, whatever its status: what it made it has removed. */
  ended(): Promise<void>;
  /** The client was killed, or is to be: removes what it leaves. */
  release(): Promise<void>;
}

interface Entry extends LedgerEntry, Omit<RecordedEngine, "env"> {
  readonly kind: "build";
  readonly env: Readonly<Record<string, string>>;
  readonly context: string;
  readonly scratch: string;
  readonly since: number;
}

/**
 * Notes a build in the ledger.
 *
 * A podman build that is killed, by SIGTERM too, leaves the command of its RUN step running, its working containers, mounts and files.
 * With a folder of our own as its TMPDIR they are found again: each RUN step has a bundle there, which names the container and holds
 * mounts that only its processes see. Docker's builds end with their client.
 *
 * @param context folder or name that is the last word of the client's command line
 */
export async function noteBuild(ledger: Ledger, engine: Engine, context: string): Promise<BuildEntry> {
  const podman = engine.kind === "podman";
  const scratch = podman
    ? join(engine.env["TMPDIR"] ?? "/var/tmp", `belay-build-${randomBytes(9).toString("base64url")}`)
    : "";
  const entry: Entry = { kind: "build", context, scratch, since: Date.now(), ...recordEngine(engine) };
  const handle = await ledger.intend(entry);
  if (podman) mkdirSync(scratch, { mode: 0o700 });
  await handle.acquired();
  return {
    env: podman ? { ...engine.env, TMPDIR: scratch } : engine.env,
    release: () => handle.release(),
    ended: async () => {
      if (podman) rmSync(scratch, { recursive: true, force: true });
      await handle.forget();
    },
  };
}

/** Releases all a build has left: clients, processes of its steps, containers, runtime state, mounts, files. */
export const releaseBuild: ReleaseFunction = async (raw) => {
  const entry = raw as Entry;
  const engine = recordedEngine(entry);
  const clients = await endProcesses(() => clientsWith(entry.context), { timeoutMs: 4000 });
  if (entry.scratch === "" || !existsSync(entry.scratch)) return clients ? "released" : "gone";
  await endProcesses(() => processesWithVariable("TMPDIR", entry.scratch), { timeoutMs: 4000 });
  await endProcesses(() => processesMounting(entry.scratch), { timeoutMs: 1000 });
  for (const bundle of readdirSync(entry.scratch)) await releaseBundle(engine, join(entry.scratch, bundle));
  await removeWorkingContainers(engine, entry.since);
  for (const { point } of MountTable.read().below(entry.scratch).reverse()) umount2(point, MNT_DETACH);
  rmSync(entry.scratch, { recursive: true, force: true });
  return "released";
};

// The bundle's host name is the beginning of the container's id; the runtime knows the bundle by its folder's name.
async function releaseBundle(engine: Engine, bundle: string): Promise<void> {
  const container = firstLine(join(bundle, "hostname"));
  if (container !== "") await callForOutput(engine, ["rm", "-f", container]);
  const state = `buildah-${basename(bundle)}`;
  for (const runtime of ["runc", "crun"]) {
    for (const root of ["/run", process.env["XDG_RUNTIME_DIR"] ?? "/run"]) {
      if (!existsSync(join(root, runtime, state))) continue;
      const command = { ...engine, command: [runtime, "--root", join(root, runtime)] };
      await callForOutput(command, ["delete", "-f", state]);
    }
  }
}

function firstLine(path: string): string {
  return existsSync(path) ? (readFileSync(path, "utf8").split("\n")[0] ?? "").trim() : "";
}
