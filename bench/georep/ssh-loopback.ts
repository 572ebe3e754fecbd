import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, connect, type AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A way to this machine through a real sshd of our own, ended with its scope. */
export interface SshLoopback extends AsyncDisposable {
  /** `ssh` with its options and the host: what is to be run there follows. */
  readonly ssh: readonly string[];
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
  const daemon = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", file("config")], { stdio: ["ignore", "ignore", "ignore"] });
  await listening(port);
  const options = ["-p", String(port), "-i", file("user"), "-o", `UserKnownHostsFile=${file("known")}`];
  const ssh = ["ssh", "-F", "none", "-o", "BatchMode=yes", ...options];
  return {
    ssh: [...ssh, host],
    rsh: ssh.join(" "),
    host,
    [Symbol.asyncDispose]: async () => {
      const ended = once(daemon, "exit");
      daemon.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await sleep(20);
    } finally {
      socket.destroy();
    }
  }
}
