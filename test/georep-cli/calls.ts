import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Folder of the session all calls are about, `pv sh.example::sv`. */
export const sessionFolder = "/var/lib/glusterd/geo-replication/pv_sh.example_sv";
export const sessionConfig = `${sessionFolder}/gsyncd.conf`;
export const sessionPidFile = "/var/run/gluster/gsyncd-pv-sh.example-sv.pid";

/** One call, and what to make ready for it. */
export interface Step {
  readonly argv: readonly string[];
  /** Begin with empty folders. */
  readonly fresh?: boolean;
  /** Files to write before; null: to remove. */
  readonly files?: Readonly<Record<string, string | null>>;
  /** Pid file to hold from now on, as a running monitor does. */
  readonly hold?: string;
  /** Files to look at after it. */
  readonly show?: readonly string[];
}

export interface CallResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
  readonly files: Readonly<Record<string, string | null>>;
}

export interface Job {
  /** Program of the reference; without it the calls are ours. */
  readonly reference?: string | undefined;
  readonly steps: readonly Step[];
}

/** GlusterFS's own gsyncd, of Debian's package glusterfs-server; undefined where it is not installed. */
export const referenceProgram: string | undefined = [
  "/usr/libexec/glusterfs/gsyncd",
  "/usr/lib/x86_64-linux-gnu/glusterfs/gsyncd",
  "/usr/lib/aarch64-linux-gnu/glusterfs/gsyncd",
].find((path) => existsSync(path));

/** What is missing for a comparison, or undefined. */
export function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return "not root: no mount namespace";
  return referenceProgram === undefined
    ? "the reference gsyncd is not installed (package glusterfs-server)"
    : undefined;
}

/** Carries out the calls one after the other in folders of their own. */
export function carryOut(job: Job): CallResult[] {
  const child = join(import.meta.dirname, "in-namespace.child.ts");
  const { stdout, stderr, status } = spawnSync("unshare", ["-m", "--propagation", "private", process.execPath, child], {
    input: JSON.stringify(job),
    encoding: "utf8",
    timeout: 480_000,
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`the calls were not carried out: ${stderr}`);
  return JSON.parse(stdout) as CallResult[];
}
