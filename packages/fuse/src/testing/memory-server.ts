import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { errnoOf, MNT_DETACH, umount2 } from "@belay/linux";

import { abortConnection } from "../mount/fuse-connection.ts";
import type { FuseMountOptions } from "../mount/options.ts";
import type { NotifyStep } from "../notify/notify-step.ts";

/** How the server is started. */
export interface ServerOptions {
  readonly mountpoint: string;
  readonly mount?: FuseMountOptions;
  readonly validity?: number;
  readonly openFlags?: number;
  /** Files in the root: name and size; they are filled with their name. */
  readonly files?: Readonly<Record<string, number>>;
  /** Flags besides the default ones, as decimal text. */
  readonly initFlags?: string;
  /** Refuse INIT with this message. */
  readonly refuse?: string;
}

/** What it can be told. */
export type ServerCommand =
  | { readonly kind: "stop" }
  | { readonly kind: "report" }
  | { readonly kind: "notify"; readonly steps: readonly NotifyStep[] }
  /** Invalidates and stores pages of a file, one after the other, for a while; answers how often. */
  | { readonly kind: "storm"; readonly name: string; readonly milliseconds: number }
  | { readonly kind: "fill"; readonly name: string; readonly byte: number }
  | { readonly kind: "resize"; readonly name: string; readonly size: number; readonly byte: number };

/** A mounted file system in memory, served by a child process. */
export interface MemoryServer extends AsyncDisposable {
  readonly mountpoint: string;
  readonly connection: number;
  readonly child: ChildProcess;
  file(name: string): string;
  ask(command: ServerCommand): Promise<ServerAnswer>;
  /** What serving ended with, once it did. */
  readonly ended: Promise<string>;
}

/** What it answers; which fields are there depends on the command. */
export interface ServerAnswer {
  readonly counts: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
  readonly interrupted: readonly string[];
  readonly outcomes: readonly (number | false)[];
  readonly pending: number;
  readonly results: readonly number[];
  readonly nodeid: number;
  readonly connection: {
    readonly offered: string;
    readonly flags: string;
    readonly kernelMinor: number;
    readonly minor: number;
  };
}

export async function memoryServer(options: Omit<ServerOptions, "mountpoint"> = {}): Promise<MemoryServer> {
  const mountpoint = mkdtempSync(join(tmpdir(), "belay-test-"));
  const program = fileURLToPath(new URL("memory-server.child.ts", import.meta.url));
  const child = fork(program, [JSON.stringify({ ...options, mountpoint })], {
    execArgv: [],
    serialization: "advanced",
  });
  const messages = new Messages(child);
  const { ready } = (await messages.next("ready")) as { ready: number };
  return {
    mountpoint,
    connection: ready,
    child,
    file: (name) => join(mountpoint, name),
    ask: async (command) => {
      child.send(command);
      return (await messages.next("answer")) as ServerAnswer;
    },
    ended: messages.next("end").then((message) => (message as { end: string }).end),
    [Symbol.asyncDispose]: () => cleanUp(child, mountpoint, ready),
  };
}

type Kind = "ready" | "end" | "answer";

// Sorts what the child says.
class Messages {
  readonly #queues: Readonly<Record<Kind, unknown[]>> = { ready: [], end: [], answer: [] };
  readonly #waiting: Readonly<Record<Kind, ((message: unknown) => void)[]>> = { ready: [], end: [], answer: [] };

  constructor(child: ChildProcess) {
    child.on("message", (message: object) => {
      const kind = "ready" in message ? "ready" : "end" in message ? "end" : "answer";
      const waiting = this.#waiting[kind].shift();
      if (waiting) waiting(message);
      else this.#queues[kind].push(message);
    });
  }

  next(kind: Kind): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers();
    const queued = this.#queues[kind].shift();
    if (queued === undefined) this.#waiting[kind].push(resolve);
    else resolve(queued);
    return promise;
  }
}

// The abort frees whatever hangs, on either side.
async function cleanUp(child: ChildProcess, mountpoint: string, connection: number): Promise<void> {
  try {
    abortConnection(connection);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
  try {
    umount2(mountpoint, MNT_DETACH);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(mountpoint, { recursive: true, force: true });
}
