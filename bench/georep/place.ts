import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { startSshLoopback, type SshLoopback } from "./ssh-loopback.ts";

/** Directories for one benchmark, removed with its scope. */
export interface BenchPlace extends AsyncDisposable {
  readonly source: string;
  /** A new empty directory on the same file system. */
  fresh(name: string): string;
  /** A way through ssh; undefined where there is no sshd. */
  readonly ssh: SshLoopback | undefined;
}

/** @param parent  where the trees are to lie; default the directory for temporary files */
export async function benchPlace(parent: string = tmpdir()): Promise<BenchPlace> {
  const base = mkdtempSync(join(parent, "belay-bench-georep-"));
  const fresh = (name: string): string => {
    rmSync(join(base, name), { recursive: true, force: true });
    mkdirSync(join(base, name));
    return join(base, name);
  };
  // A benchmark that is ended early leaves nothing behind either.
  const remove = () => rmSync(base, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", remove);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
  const ssh = existsSync("/usr/sbin/sshd") ? await startSshLoopback(fresh("ssh")) : undefined;
  return {
    source: fresh("source"),
    fresh,
    ssh,
    [Symbol.asyncDispose]: async () => {
      await ssh?.[Symbol.asyncDispose]();
      remove();
      process.off("exit", remove);
    },
  };
}

/** A receiving end that is reached through a connection, as one on another machine is. */
export function secondaryThrough(prefix: readonly string[], directory: string): string[] {
  const program = fileURLToPath(new URL("../../packages/georep/src/secondary/secondary-main.ts", import.meta.url));
  return [...prefix, process.execPath, program, directory];
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
