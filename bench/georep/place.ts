import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { startSshLoopback, type SshLoopback } from "./ssh-loopback.ts";

/** Directories for one benchmark, removed with its scope. */
export interface BenchPlace extends AsyncDisposable {
  readonly source: string;
  /** A new empty directory on the same file system. */
  fresh(name: string): string;
  /**
   * A new empty directory for a copy: where the parent is a tmpfs and we are root, a tmpfs of its own, as a copy nearly never lies on the file system
   * of its source, whose watching would see all that is done to it.
   */
  freshCopy(): string;
  /** A way through ssh; undefined where there is no sshd. */
  readonly ssh: SshLoopback | undefined;
}

/** @param parent  where the trees are to lie; default the directory for temporary files */
export async function benchPlace(parent: string = tmpdir()): Promise<BenchPlace> {
  const base = mkdtempSync(join(parent, "belay-bench-georep-"));
  const copy = join(base, "destination");
  const mounts = process.geteuid?.() === 0 && isTmpfs(base);
  let isMounted = false;
  const unmount = () => {
    if (isMounted) execFileSync("umount", ["--lazy", copy]);
    isMounted = false;
  };
  const fresh = (name: string): string => {
    rmSync(join(base, name), { recursive: true, force: true });
    mkdirSync(join(base, name));
    return join(base, name);
  };
  const freshCopy = (): string => {
    unmount();
    fresh("destination");
    if (mounts) execFileSync("mount", ["-t", "tmpfs", "belay-bench", copy]);
    isMounted = mounts;
    return copy;
  };
  // A benchmark that is ended early leaves nothing behind either.
  const remove = () => {
    unmount();
    rmSync(base, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once("exit", remove);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
  const ssh = existsSync("/usr/sbin/sshd") ? await startSshLoopback(fresh("ssh")) : undefined;
  return {
    source: fresh("source"),
    fresh,
    freshCopy,
    ssh,
    [Symbol.asyncDispose]: async () => {
      await ssh?.[Symbol.asyncDispose]();
      remove();
      process.off("exit", remove);
    },
  };
}

const tmpfsMagic = 0x0102_1994;
const isTmpfs = (path: string): boolean => statfsSync(path).type === tmpfsMagic;

const repository = new URL("../../", import.meta.url);
const built = fileURLToPath(new URL("dist/bin/gsyncd", repository));

/** What benchmarks have as their receiving end: the built program where there is one, as users have it. */
export const receivingEnd = existsSync(built) ? "dist/bin/gsyncd" : "sources, unbuilt";

/** A receiving end that is reached through a connection, as one on another machine is. */
export function secondaryThrough(prefix: readonly string[], directory: string): string[] {
  return [...prefix, ...receivingEndFor(directory, { built: [], unbuilt: [] })];
}

/** A receiving end that is a child of the worker, and may copy what that has open. */
export function secondaryBeside(directory: string): string[] {
  return receivingEndFor(directory, { built: ["--copy-from-parent"], unbuilt: ["--child"] });
}

interface FurtherArguments {
  readonly built: readonly string[];
  readonly unbuilt: readonly string[];
}

function receivingEndFor(directory: string, further: FurtherArguments): string[] {
  if (existsSync(built))
    return [built, "secondary", "file:///source", `file://${directory}`, "--debug", ...further.built];
  const program = fileURLToPath(new URL("packages/georep/src/secondary/secondary-main.ts", repository));
  return [process.execPath, program, directory, ...further.unbuilt];
}

/** Tells whether a program is installed. */
export function has(program: string): boolean {
  try {
    execFileSync("which", [program]);
    return true;
  } catch {
    return false;
  }
}
