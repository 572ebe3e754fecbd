import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A port of the loopback where nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Waits until somebody listens, five seconds at most. @returns whether somebody does */
export async function listens(port: number, address = "127.0.0.1"): Promise<boolean> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await accepts(port, address)) return true;
    await sleep(25);
  }
  return false;
}

async function accepts(port: number, address: string): Promise<boolean> {
  const socket = connect(port, address);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** The folder sshd wants to be there; the system's own service makes it when it starts, and here it may never have. */
export function makePrivilegeFolder(): void {
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
}

/** Lines of sshd's configuration: its sessions get no environment of ours, and would compile all sources anew each time. */
export function sessionSettings(): string[] {
  const cache = process.env["NODE_COMPILE_CACHE"];
  return cache === undefined ? [] : [`SetEnv NODE_COMPILE_CACHE=${cache}`];
}
