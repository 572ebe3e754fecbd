import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import type { SshdPlace } from "./sshd.ts";

/** Another machine as far as the network goes: a network namespace behind a cable that can be pulled. Needs root. */
export class NetworkNamespace implements AsyncDisposable {
  readonly place: SshdPlace;
  readonly #holder: ChildProcess;
  readonly #link: string;

  private constructor(holder: ChildProcess, number: number) {
    this.#holder = holder;
    this.#link = `blt${number.toString(36)}`;
    this.place = { address: `${network(number)}.2`, inside: ["nsenter", `--net=/proc/${holder.pid}/ns/net`, "--"] };
  }

  static async start(): Promise<NetworkNamespace> {
    const holder = spawn("unshare", ["--net", "sleep", "600"], { stdio: "ignore" });
    await once(holder, "spawn");
    while (readlinkSync(`/proc/${holder.pid}/ns/net`) === readlinkSync("/proc/self/ns/net")) await sleep(10);
    // Of the range for tests of networks (RFC 2544).
    const number = process.pid % 0x1_0000;
    const namespace = new NetworkNamespace(holder, number);
    const link = namespace.#link;
    ip("link", "add", link, "type", "veth", "peer", "name", "inner", "netns", String(holder.pid));
    ip("addr", "add", `${network(number)}.1/24`, "dev", link);
    ip("link", "set", link, "up");
    namespace.#inside("addr", "add", `${namespace.place.address}/24`, "dev", "inner");
    namespace.mend();
    return namespace;
  }

  /** Pulls the cable: nothing goes through, and nobody is told. */
  cut(): void {
    this.#inside("link", "set", "inner", "down");
  }

  mend(): void {
    this.#inside("link", "set", "inner", "up");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#holder, "exit");
    ip("link", "del", this.#link);
    this.#holder.kill("SIGKILL");
    await ended;
  }

  #inside(...args: string[]): void {
    const [file = "", ...before] = this.place.inside;
    execFileSync(file, [...before, "ip", ...args]);
  }
}

const network = (number: number) => `198.${18 + ((number >> 8) % 2)}.${number % 256}`;

function ip(...args: string[]): void {
  execFileSync("ip", args);
}
