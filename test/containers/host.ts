import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const repository = join(import.meta.dirname, "../..");
const node = join(repository, "node_modules/.bin/node");

/** A finished program. */
export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary folder with an engine that keeps all it has there, and our command lines that use it. */
export abstract class EngineHost {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Options of our command lines that choose the engine. */
  readonly options: readonly string[] = [];

  /** @param name of the engine's program @param env variables that lead the engine to the folder */
  constructor(name: string, env: (folder: string) => NodeJS.ProcessEnv) {
    this.folder = mkdtempSync(join(tmpdir(), `belay-test-${name}-`));
    for (const each of ["work", "run", "scratch"]) mkdirSync(this.path(each));
    this.env = {
      ...process.env,
      BELAY_RUN_DIR: this.path("run"),
      TMPDIR: this.path("scratch"),
      ...env(this.folder),
    };
  }

  /** A path in the folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file in the working folder. @returns its path */
  file(name: string, text: string | Uint8Array): string {
    const path = this.path(`work/${name}`);
    writeFileSync(path, text);
    return path;
  }

  /** Calls the engine itself. @returns what it prints @throws Error when it fails */
  abstract engine(...args: string[]): string;

  /** Containers of any kind, as lines. */
  protected abstract containers(): string[];

  /** An image `bb` that holds a static busybox, its shell, a user root and nothing else. */
  makeBase(): void {
    const folder = this.path("base");
    mkdirSync(folder);
    copyFileSync("/bin/busybox", join(folder, "busybox"));
    writeFileSync(join(folder, "passwd"), "root:x:0:0:root:/:/bin/sh\n");
    const text = "FROM scratch\nCOPY busybox /bin/busybox\nCOPY busybox /bin/sh\nCOPY passwd /etc/passwd\n";
    writeFileSync(join(folder, "Dockerfile"), text);
    this.engine("build", "-q", "-t", "bb", folder);
    rmSync(folder, { recursive: true });
  }

  /** Words of a command line that starts `belay container` (`container`) or the drop-in (`docker-py`). */
  argv(tool: "container" | "docker-py", args: readonly string[]): string[] {
    return [node, join(repository, `packages/containers/src/cli/${tool}.main.ts`), ...this.options, ...args];
  }

  /** Runs one of our tools to its end. */
  run(tool: "container" | "docker-py", ...args: string[]): Finished {
    const [program = "", ...rest] = this.argv(tool, args);
    return spawnSync(program, rest, { env: this.env, cwd: this.path("work"), encoding: "utf8", timeout: 110_000 });
  }

  /** Starts one of our tools. */
  start(tool: "container" | "docker-py", ...args: string[]): ChildProcess {
    const [program = "", ...rest] = this.argv(tool, args);
    return spawn(program, rest, { env: this.env, cwd: this.path("work"), stdio: "ignore" });
  }

  /** Everything a run or build could have left: containers of any kind, files, processes that bear a word. */
  leftovers(word: string): string[] {
    const files = spawnSync("ls", ["-A", this.path("scratch")], { encoding: "utf8" }).stdout;
    const processes = spawnSync("pgrep", ["-af", word], { encoding: "utf8" }).stdout;
    return [...this.containers(), ...files.split("\n"), ...processes.split("\n")].filter((line) => line !== "");
  }
}

/** Calls a program. @returns its output without blanks at the ends @throws Error with what it says when it fails */
export function outputOf(program: string, args: readonly string[], env: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

/** Waits until something holds. @throws Error naming it when it does not within the time */
export async function until(what: string, holds: () => boolean, limitMs = 60_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(50);
  }
}

/** How a child process ended: status, or name of the signal. */
export function ended(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode ?? child.signalCode);
  return new Promise((resolve) =>
    child.once("exit", (code, signal) => {
      resolve(code ?? signal);
    }),
  );
}

/** A number that no other process has in its command line. */
export function uniqueNumber(): string {
  return `9${String(Date.now()).slice(-5)}${Math.floor(Math.random() * 900 + 100)}`;
}

/** Tells whether busybox sleeps for that number of seconds, in whatever container. */
export function sleeps(word: string): boolean {
  return spawnSync("pgrep", ["-xf", `/bin/busybox sleep ${word}`]).status === 0;
}
