import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { compareTrees, differenceText } from "../../packages/georep/src/tree/compare.ts";
import { program } from "../program.ts";

/** The command. */
export const gsyncd = program("gsyncd");

/** How a call ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Folders for one test, a source and a destination in them, and the command with all its places there. */
export class GsyncdPlace implements AsyncDisposable {
  readonly base = mkdtempSync(join(tmpdir(), "belay-gsyncd-"));
  readonly source = this.file("src");
  readonly destination = this.file("dst");
  readonly log = this.file("gsyncd.log");
  readonly pidFile = this.file("monitor.pid");
  readonly state = this.file("session/monitor.status");
  readonly config = this.file("c.conf");
  readonly env: NodeJS.ProcessEnv = {
    ...process.env,
    BELAY_RUN_DIR: this.file("run"),
    GLUSTERD_WORKDIR: this.file("workdir"),
    DEFAULT_VAR_RUN_DIRECTORY: this.file("rundir"),
    BELAY_LOG_DIR: this.file("logs"),
    TMPDIR: this.file("tmp"),
  };

  readonly #gsyncd: string;

  /** @param command  another gsyncd than the usual one */
  constructor(command = gsyncd) {
    this.#gsyncd = command;
    for (const name of ["src", "dst", "workdir", "rundir", "tmp", "run"]) mkdirSync(this.file(name), { mode: 0o700 });
  }

  file(name: string): string {
    return join(this.base, name);
  }

  /** A configuration of today that keeps everything in this place. */
  configure(more: Readonly<Record<string, string>> = {}): void {
    const values = {
      "pid-file": this.pidFile,
      "state-file": this.state,
      "log-file": this.log,
      "secondary-log-file": this.file("secondary.log"),
      "working-dir": this.file("working"),
      ...more,
    };
    const lines = Object.entries(values).map(([name, value]) => `${name} = ${value}\n`);
    writeFileSync(this.config, `[vars]\n${lines.join("")}`);
  }

  /** Runs the command to its end. */
  async call(...args: readonly string[]): Promise<Ended> {
    const child = spawn(this.#gsyncd, args, { env: this.env, stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.on("data", (bytes: Buffer) => (out += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => (err += bytes.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, out, err };
  }

  get pid(): number | undefined {
    return existsSync(this.pidFile) ? Number(readFileSync(this.pidFile, "utf8")) : undefined;
  }

  /** Everything of this test that runs: whoever has its folders in its arguments or works in them. */
  processes(role = ""): number[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map(Number)
      .filter((pid) => this.#isOurs(pid, role));
  }

  #isOurs(pid: number, role: string): boolean {
    const words = readIfThere(`/proc/${pid}/cmdline`).split("\0");
    const environment = readIfThere(`/proc/${pid}/environ`);
    if (readIfThere(`/proc/${pid}/stat`).replace(/^.*\)/s, "").startsWith(" Z")) return false;
    return environment.includes(`BELAY_RUN_DIR=${this.file("run")}`) && (role === "" || words.includes(role));
  }

  differences(destination = this.destination): string[] {
    return compareTrees(this.source, destination).map(differenceText);
  }

  /** What the status file of the source says. */
  status(): Record<string, unknown> {
    return this.#json(/^brick_.*\.status$/);
  }

  /** What the file beside it says. */
  extra(): Record<string, unknown> {
    return this.#json(/^brick_.*\.extra\.json$/);
  }

  #json(name: RegExp): Record<string, unknown> {
    const folder = join(this.state, "..");
    const found = existsSync(folder) ? readdirSync(folder).find((each) => name.test(each)) : undefined;
    const text = found === undefined ? "" : readFileSync(join(folder, found), "utf8");
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  logText(): string {
    return readIfThere(this.log);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Again and again: what is about to die may just have started another.
    for (let i = 0, left = this.processes(); i < 1000 && left.length > 0; i++, left = this.processes()) {
      for (const pid of left) killIfThere(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    rmSync(this.base, { recursive: true, force: true, maxRetries: 5 });
  }
}

export function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

export function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
