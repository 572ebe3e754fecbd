import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { ended, EngineHost, outputOf, until } from "./host.ts";

/** Where the set-up unpacks Debian's packages of docker: installed, they would run a daemon for the whole machine. */
const unpacked = join(import.meta.dirname, "../../build/peers/docker");

const searchPath = ["usr/sbin", "usr/bin"]
  .map((name) => join(unpacked, name))
  .concat(process.env["PATH"] ?? "")
  .join(":");

/** What keeps a real docker from being used; undefined when nothing does. */
export function dockerMissing(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root: the daemon mounts its images";
  const env = { ...process.env, PATH: searchPath };
  for (const program of ["dockerd", "containerd", "runc", "docker"]) {
    if (spawnSync(program, ["--version"], { env }).status !== 0) return `needs ${program}: make setup-test`;
  }
  if (spawnSync("ip", ["-V"]).status !== 0) return "needs ip: apt-get install iproute2";
  if (!existsSync("/bin/busybox")) return "needs a static busybox: apt-get install busybox-static";
  return spawnSync("unshare", ["--net", "true"]).status === 0 ? undefined : "may not make a network namespace";
}

/**
 * A docker daemon with all it has in a temporary folder, and our command lines that use it.
 *
 * Its network and its mounts are namespaces of its own: bridges, and the layers of images, are seen by nobody else and end with it.
 */
export class Docker extends EngineHost implements AsyncDisposable {
  override readonly options = ["--engine", "docker"];
  readonly #daemon: ChildProcess;

  constructor() {
    super("docker", (folder) => ({
      PATH: searchPath,
      DOCKER_HOST: `unix://${join(folder, "docker.sock")}`,
      DOCKER_CONFIG: join(folder, "config"),
    }));
    // Clients look for their plug-ins, BuildKit's is one in newer versions, here or in the system's folders.
    mkdirSync(this.path("config"));
    symlinkSync(join(unpacked, "usr/libexec/docker/cli-plugins"), this.path("config/cli-plugins"));
    const log = openSync(this.path("daemon.log"), "w");
    this.#daemon = spawn("unshare", ["--net", "--mount", "sh", "-c", 'ip link set lo up; exec "$@"', "sh", ...this.#command()], { env: this.env, stdio: ["ignore", log, log] }); // prettier-ignore
  }

  // Killing the tests ends the daemon too.
  #command(): string[] {
    return [
      "setpriv",
      "--pdeathsig",
      "TERM",
      "dockerd",
      `--host=unix://${this.path("docker.sock")}`,
      `--data-root=${this.path("data")}`,
      `--exec-root=${this.path("exec")}`,
      `--pidfile=${this.path("docker.pid")}`,
      `--config-file=${this.file("daemon.json", "{}")}`,
      "--iptables=false",
      "--ip6tables=false",
      "--ip-forward=false",
      "--ip-masq=false",
    ];
  }

  /** Waits for the daemon. @throws Error with the end of its log when it does not come up */
  async ready(): Promise<void> {
    const answers = (): boolean => spawnSync("docker", ["version"], { env: this.env }).status === 0;
    try {
      await until("the docker daemon answers", () => answers() || this.#daemon.exitCode !== null, 90_000);
    } catch (cause) {
      throw new Error(this.#log(), { cause });
    }
    if (!answers()) throw new Error(this.#log());
  }

  #log(): string {
    return readFileSync(this.path("daemon.log"), "utf8").slice(-2000);
  }

  /** Words that run a program in the daemon's network. */
  inNetwork(...command: string[]): string[] {
    return ["nsenter", "-t", String(this.#daemon.pid ?? 0), "-n", ...command];
  }

  engine(...args: string[]): string {
    return outputOf("docker", args, this.env);
  }

  protected containers(): string[] {
    return this.engine("ps", "-a", "--format", "container {{.Names}} {{.Status}}").split("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ids = spawnSync("docker", ["ps", "-qa"], { env: this.env, encoding: "utf8" }).stdout.split("\n");
    for (const id of ids.filter((each) => each !== "")) spawnSync("docker", ["rm", "-f", id], { env: this.env });
    this.#daemon.kill("SIGTERM");
    await ended(this.#daemon);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
