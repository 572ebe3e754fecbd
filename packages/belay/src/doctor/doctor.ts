import { existsSync } from "node:fs";
import { runDirectoryPlaces, silentLogger, sweep, type Logger, type SweptEntry } from "@belay/supervise";
import { mountpointRoot } from "@belay/wcfs";
import { checkHost } from "./host-checks.ts";
import { treatGeorep } from "./georep-leftovers.ts";
import type { DoctorReport, Leftover } from "./report.ts";
import { treatRunFiles, treatStartLocks } from "./run-files.ts";
import { treatMountpoints, treatMounts } from "./stale-mounts.ts";

/** What the doctor is to do. */
export interface DoctorOptions {
  /** Remove what dead processes have left. Default false: only tell. */
  readonly fix?: boolean;
  /** Run directories to look at; default: all that this user may have used. */
  readonly directories?: readonly string[];
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

/**
 * Looks at the machine and at what dead processes have left: the resources in their ledgers, mounts without a server, old files.
 *
 * Whoever calls it has registered the kinds of resources that it is to release.
 */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  const { fix = false, directories = runDirectoryPlaces(), logger = silentLogger, signal } = options;
  const checks = await checkHost();
  const leftovers: Leftover[] = [];
  for (const directory of directories.filter((path) => existsSync(path))) {
    const swept = await sweep({ directory, fix, logger, ...(signal === undefined ? {} : { signal }) });
    leftovers.push(...swept.entries.map(fromLedger));
    leftovers.push(...swept.skipped.map(skipped));
    leftovers.push(...(await treatRunFiles(directory, fix)));
  }
  leftovers.push(...(await treatMounts(fix)), ...(await treatMountpoints(fix)), ...(await treatGeorep(fix)));
  leftovers.push(...(await treatStartLocks(mountpointRoot, fix)));
  return { checks, leftovers };
}

function fromLedger({ entry, outcome, error, owner, program }: SweptEntry): Leftover {
  const { kind, ...all } = entry;
  // The environment that leads an engine to its storage fills a screen, and tells people nothing.
  const details = Object.fromEntries(Object.entries(all).filter(([name]) => name !== "env"));
  const state = outcome === "released" ? "fixed" : outcome;
  const text = `${JSON.stringify(details)} of process ${owner.pid} (${program})`;
  return error === undefined ? { kind, state, text } : { kind, state, text: `${text}: ${error.message}` };
}

function skipped({ path, reason }: { readonly path: string; readonly reason: string }): Leftover {
  return { kind: "ledger-file", state: "gone", text: `${path}: ${reason}` };
}
