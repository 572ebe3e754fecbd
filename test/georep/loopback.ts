import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A port of the loopback where nobody listens. Below those that the kernel gives to connections: somebody's could have it by the time it is
 * listened at, or while nobody does for a moment.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch {
      continue; // it is taken
    }
    server.close();
    await once(server, "close");
    return port;
  }
}

/** Waits until somebody listens, half a minute at most. @returns whether somebody does */
export async function listens(port: number, address = "127.0.0.1"): Promise<boolean> {
  for (let attempt = 0; attempt < 1200; attempt++) {
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
