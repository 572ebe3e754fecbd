import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import { fasterCipher } from "../../packages/georep/src/command/faster-cipher.ts";
import { freePort, listens, makePrivilegeFolder } from "../../test/georep/loopback.ts";

/** A way to this machine through a real sshd of our own, ended with its scope. */
export interface SshLoopback extends AsyncDisposable {
  /** `ssh` with its options and the host: what is to be run there follows. */
  readonly ssh: readonly string[];
  /** The same with the cipher that `belay georep create` chooses. */
  readonly sessionSsh: readonly string[];
  /** The same, without the host, as one string for `rsync -e`. */
  readonly rsh: string;
  readonly host: string;
}

/** Starts an sshd on a free port of the loopback that takes one new key. @param directory  for keys and configuration */
export async function startSshLoopback(directory: string): Promise<SshLoopback> {
  const file = (name: string) => join(directory, name);
  for (const key of ["host", "user"]) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file(key)]);
  const port = await freePort();
  const host = `${userInfo().username}@127.0.0.1`;
  writeFileSync(file("known"), `[127.0.0.1]:${port} ${readFileSync(file("host.pub"), "utf8")}`);
  writeFileSync(
    file("config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${file("host")}`,
      `AuthorizedKeysFile ${file("user.pub")}`,
      `PidFile ${file("sshd.pid")}`,
      "PermitRootLogin yes",
      "StrictModes no",
      "UsePAM no",
      "MaxStartups 100",
      "",
    ].join("\n"),
  );
  makePrivilegeFolder();
  const daemon = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", file("config")], { stdio: ["ignore", "ignore", "ignore"] });
  const end = () => void daemon.kill();
  process.once("exit", end);
  if (!(await listens(port))) throw new Error("sshd does not listen");
  const options = ["-p", String(port), "-i", file("user"), "-o", `UserKnownHostsFile=${file("known")}`];
  const ssh = ["ssh", "-F", "none", "-o", "BatchMode=yes", ...options];
  const cipher = await fasterCipher(["ssh"], "127.0.0.1");
  return {
    ssh: [...ssh, host],
    sessionSsh: [...ssh, ...(cipher === undefined ? [] : [cipher]), host],
    rsh: ssh.join(" "),
    host,
    [Symbol.asyncDispose]: async () => {
      const ended = once(daemon, "exit");
      daemon.kill();
      process.off("exit", end);
      await ended;
    },
  };
}
