import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const repository = join(import.meta.dirname, "../..");
const node = join(repository, "node_modules/.bin/node");

/** What keeps a real podman from being used; undefined when nothing does. */
export function podmanMissing(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root: podman's storage is mounted";
  for (const program of ["podman", "runc"]) {
    if (spawnSync(program, ["--version"]).status !== 0)
      return `needs ${program}: apt-get install podman runc fuse-overlayfs`;
  }
  return existsSync("/bin/busybox") ? undefined : "needs a static busybox: apt-get install busybox-static";
}

/** A finished program. */
export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A podman with a storage of its own in a temporary folder, and our command lines that use it. */
export class Podman implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "belay-test-podman-"));
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    for (const name of ["work", "run", "scratch"]) mkdirSync(this.path(name));
    writeFileSync(
      this.path("containers.conf"),
      `[containers]
default_ulimits=["nofile=20000:20000","nproc=32768:32768"]
netns="host"
[engine]
runtime="runc"
`,
    );
    writeFileSync(
      this.path("storage.conf"),
      `[storage]
driver="overlay"
graphroot="${this.path("graph")}"
runroot="${this.path("runroot")}"
`,
    );
    this.env = {
      ...process.env,
      CONTAINERS_CONF: this.path("containers.conf"),
      CONTAINERS_STORAGE_CONF: this.path("storage.conf"),
      BELAY_RUN_DIR: this.path("run"),
      TMPDIR: this.path("scratch"),
    };
  }

  /** A path in the folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file in the working folder. @returns its path */
  file(name: string, text: string): string {
    const path = this.path(`work/${name}`);
    writeFileSync(path, text);
    return path;
  }

  podman(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync("podman", args, { env: this.env, encoding: "utf8" });
    if (status !== 0) throw new Error(`podman ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** An image `bb` that holds a static busybox, its shell and nothing else. */
  makeBase(): void {
    copyFileSync("/bin/busybox", this.path("work/busybox"));
    const file = this.file("bb.base", "FROM scratch\nCOPY busybox /bin/busybox\nCOPY busybox /bin/sh\n");
    this.podman("build", "-q", "-t", "bb", "-f", file, this.path("work"));
    rmSync(file);
    rmSync(this.path("work/busybox"));
  }

  /** Words of a command line that starts `belay container` (`container`) or the drop-in (`docker-py`). */
  argv(tool: "container" | "docker-py", args: readonly string[]): string[] {
    return [node, join(repository, `packages/containers/src/cli/${tool}.main.ts`), ...args];
  }

  /** Runs one of our tools to its end. */
  run(tool: "container" | "docker-py", ...args: string[]): Finished {
    const [program = "", ...rest] = this.argv(tool, args);
    return spawnSync(program, rest, { env: this.env, cwd: this.path("work"), encoding: "utf8", timeout: 60_000 });
  }

  /** Starts one of our tools. */
  start(tool: "container" | "docker-py", ...args: string[]): ChildProcess {
    const [program = "", ...rest] = this.argv(tool, args);
    return spawn(program, rest, { env: this.env, cwd: this.path("work"), stdio: "ignore" });
  }

  /** Everything a run or build could have left: containers of any kind, files, processes that bear a word. */
  leftovers(word: string): string[] {
    const containers = this.podman("ps", "-a", "--external", "--format", "container {{.Names}} {{.Status}}");
    const files = spawnSync("ls", ["-A", this.path("scratch")], { encoding: "utf8" }).stdout;
    const processes = spawnSync("pgrep", ["-af", word], { encoding: "utf8" }).stdout;
    return [...containers.split("\n"), ...files.split("\n"), ...processes.split("\n")].filter((line) => line !== "");
  }

  [Symbol.dispose](): void {
    spawnSync("podman", ["rm", "-fa"], { env: this.env });
    spawnSync("podman", ["rmi", "-fa"], { env: this.env });
    spawnSync("umount", ["-l", this.path("graph/overlay")]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits until something holds. @throws Error naming it when it does not within the time */
export async function until(what: string, holds: () => boolean, limitMs = 15_000): Promise<void> {
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
