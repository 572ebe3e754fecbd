import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import { freePort, listens, makePrivilegeFolder, sessionSettings } from "../georep/loopback.ts";

/** An sshd of our own on the loopback, as the other machine. */
export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** `user@127.0.0.1` */
  readonly host: string;
  /** What it lets in; empty at first. */
  readonly authorizedKeys: string;
  /** Where clients keep its host key. */
  readonly knownHosts: string;
  /** Nobody listens any more; connections that are there stay. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** @param directory  for its files, made */
export async function startSshd(directory: string): Promise<Sshd> {
  mkdirSync(directory, { mode: 0o700 });
  const file = (name: string) => join(directory, name);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file("host")]);
  writeFileSync(file("authorized_keys"), "");
  const port = await freePort();
  const lines = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${file("host")}`,
    `AuthorizedKeysFile ${file("authorized_keys")}`,
    `PidFile ${file("sshd.pid")}`,
    "PermitRootLogin yes",
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    ...sessionSettings(),
  ];
  writeFileSync(file("config"), `${lines.join("\n")}\n`);
  makePrivilegeFolder();
  const listen = async (): Promise<ChildProcess> => {
    const started = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", file("config")], { stdio: "ignore" });
    if (!(await listens(port))) throw new Error("sshd does not listen");
    return started;
  };
  let daemon = await listen();
  const end = async (): Promise<void> => {
    const ended = once(daemon, "exit");
    daemon.kill();
    await ended;
  };
  return {
    port,
    host: `${userInfo().username}@127.0.0.1`,
    authorizedKeys: file("authorized_keys"),
    knownHosts: file("known_hosts"),
    pause: end,
    resume: async () => {
      daemon = await listen();
    },
    [Symbol.asyncDispose]: end,
  };
}
