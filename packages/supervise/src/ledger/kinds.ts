import { BelayError } from "../errors/belay-error.ts";
import { releasePidLock } from "../locks/release-pid-lock.ts";
import { releaseMount } from "../mounts/release-mount.ts";
import { releaseProcessGroup } from "../process/release-process.ts";
import { releaseSocket, releaseTempDirectory, releaseTempFile } from "./release-files.ts";
import type { LedgerEntry, ReleaseContext, ReleaseFunction, ReleaseOutcome } from "./types.ts";

const kinds = new Map<string, ReleaseFunction>([
  ["process-group", releaseProcessGroup],
  ["mount", releaseMount],
  ["temp-dir", releaseTempDirectory],
  ["temp-file", releaseTempFile],
  ["socket", releaseSocket],
  ["pid-lock", releasePidLock],
]);

/**
 * Teaches ledger and sweep another kind of resource. Packages call it when they are loaded; a program that sweeps loads
 * every package whose resources it is to release.
 */
export function registerKind(kind: string, release: ReleaseFunction): void {
  kinds.set(kind, release);
}

/** Releases by kind. @throws BelayError `EKIND` for a kind nobody registered */
export function releaseEntry(entry: LedgerEntry, context: ReleaseContext): Promise<ReleaseOutcome> {
  const release = kinds.get(entry.kind);
  if (release !== undefined) return release(entry, context);
  return Promise.reject(
    new BelayError("EKIND", `this program cannot release a ${entry.kind}`, { hint: "sweep with: belay doctor --fix" }),
  );
}
