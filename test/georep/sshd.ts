import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import { freePort, listens, makePrivilegeFolder, sessionSettings } from "./loopback.ts";

/** Where an sshd listens: an address, and what has to stand before a command that is to run on the machine with it. */
export interface SshdPlace {
  readonly address: string;
  readonly inside: readonly string[];
}

const loopback: SshdPlace = { address: "127.0.0.1", inside: [] };

/** An sshd of our own, with one key that may run one command. */
export class Sshd implements AsyncDisposable {
  readonly host: string;
  readonly #folder: string;
  readonly #place: SshdPlace;
  readonly port: number;
  #daemon: ChildProcess | undefined;

  private constructor(folder: string, port: number, place: SshdPlace) {
    this.#folder = folder;
    this.port = port;
    this.#place = place;
    this.host = `${userInfo().username}@${place.address}`;
  }

  /**
   * @param forced  what the key runs, whatever it is asked for; undefined: what it is asked for
   * @param place  default: the loopback
   */
  static async start(folder: string, forced?: string, place = loopback): Promise<Sshd> {
    const sshd = new Sshd(folder, await freePort(), place);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const key of ["host", "user"]) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", sshd.file(key)]);
    }
    sshd.restrict(forced);
    sshd.knowHost(readFileSync(sshd.file("host.pub"), "utf8"));
    await sshd.listen();
    return sshd;
  }

  file(name: string): string {
    return join(this.#folder, name);
  }

  /** Of ssh, in one word each. */
  get options(): string[] {
    const known = `-oUserKnownHostsFile=${this.file("known")}`;
    return ["-F", "none", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", known, "-i", this.file("user")];
  }

  restrict(forced: string | undefined): void {
    const prefix = forced === undefined ? "" : `command="${forced.replaceAll('"', '\\"')}",restrict `;
    writeFileSync(this.file("authorized"), prefix + readFileSync(this.file("user.pub"), "utf8"));
  }

  knowHost(key: string): void {
    writeFileSync(this.file("known"), `[${this.#place.address}]:${this.port} ${key}`);
  }

  async listen(): Promise<void> {
    const lines = [
      `Port ${this.port}`,
      `ListenAddress ${this.#place.address}`,
      `HostKey ${this.file("host")}`,
      `AuthorizedKeysFile ${this.file("authorized")}`,
      `PidFile ${this.file("pid")}`,
      ...["PermitRootLogin yes", "StrictModes no", "UsePAM no", "PasswordAuthentication no"],
      ...sessionSettings(),
      ...["KbdInteractiveAuthentication no", "MaxStartups 100", ""],
    ];
    writeFileSync(this.file("config"), lines.join("\n"));
    makePrivilegeFolder();
    const args = ["-D", "-E", this.file("log"), "-f", this.file("config")];
    const [file = "", ...rest] = [...this.#place.inside, "/usr/sbin/sshd", ...args];
    this.#daemon = spawn(file, rest, { stdio: "ignore", detached: true });
    if (await listens(this.port, this.#place.address)) return;
    throw new Error(`sshd does not listen: ${readFileSync(this.file("log"), "utf8")}`);
  }

  /** Ends sshd, and with it every connection that came through it. */
  async cut(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (daemon?.pid === undefined) return;
    const ended = once(daemon, "exit");
    const children = sessionsOf(daemon.pid);
    daemon.kill("SIGKILL");
    for (const pid of children) killIfThere(pid);
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cut();
  }
}

function sessionsOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
