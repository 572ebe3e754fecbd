import { spawn, type ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ENTRY = fileURLToPath(new URL("./agent-entry.ts", import.meta.url));

interface Answer {
  readonly id: number;
  readonly errno?: string;
}

/** What an agent tells unasked. */
export interface AgentEvent {
  readonly event: "ready" | "line" | "end" | "signal";
  readonly pid?: number;
  readonly fd?: number;
  readonly line?: string;
  readonly errno?: string;
  readonly signal?: string;
}

/** A command of an agent failed with an errno. */
export class AgentError extends Error {
  readonly errno: string;

  constructor(errno: string, command: string) {
    super(`${errno} from ${command}`);
    this.errno = errno;
  }
}

/** A process that uses the mount, so that whatever hangs or is killed is not the test. Paths are relative to the mountpoint. */
export class Agent implements AsyncDisposable {
  readonly events = new EventEmitter<{ event: [AgentEvent] }>();
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #mountpoint: string;
  readonly #waiting = new Map<number, (answer: Answer | undefined) => void>();
  #lastId = 0;

  /** @param options.zombie its parent never waits for it: it stays in the process table when it has ended */
  static async start(mountpoint: string, options: { readonly zombie?: boolean } = {}): Promise<Agent> {
    // The shell becomes something that has no idea of having a child.
    const shell = ["-c", 'exec 3<&0; "$0" "$1" <&3 & exec sleep 60', process.execPath, ENTRY];
    const [program, args] = options.zombie ? ["/bin/bash", shell] : [process.execPath, [ENTRY]];
    const env = { ...process.env, UV_THREADPOOL_SIZE: "64", NODE_OPTIONS: "" };
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], env });
    const lines = createInterface({ input: child.stdout });
    const [ready] = (await once(lines, "line")) as [string];
    return new Agent(mountpoint, child, lines, (JSON.parse(ready) as { pid: number }).pid);
  }

  private constructor(mountpoint: string, child: ChildProcess, lines: NodeJS.EventEmitter, pid: number) {
    this.#mountpoint = mountpoint;
    this.#child = child;
    this.pid = pid;
    this.events.setMaxListeners(0);
    child.stdin?.on("error", () => undefined);
    lines.on("line", (line: string) => this.#take(JSON.parse(line) as Answer | AgentEvent));
    lines.on("close", () => {
      for (const wake of this.#waiting.values()) wake(undefined);
    });
  }

  /** R, S, D, T or Z as in /proc; undefined: there is no such process. */
  get state(): string | undefined {
    try {
      return /\) (\S)/.exec(readFileSync(`/proc/${this.pid}/stat`, "latin1"))?.[1];
    } catch {
      return undefined;
    }
  }

  get isAlive(): boolean {
    return this.state !== undefined && this.state !== "Z";
  }

  /** @throws AgentError; Error when there is no answer in time (milliseconds), or the process has ended */
  async call<T>(command: string, args: { path?: string } & Record<string, unknown> = {}, timeout = 20_000): Promise<T> {
    const id = ++this.#lastId;
    const path = args.path === undefined ? {} : { path: join(this.#mountpoint, args.path) };
    if (!this.isAlive) throw new Error(`the process has ended: ${command}`);
    const { promise, resolve } = Promise.withResolvers<Answer | undefined | "late">();
    this.#waiting.set(id, resolve);
    this.#child.stdin?.write(`${JSON.stringify({ id, do: command, ...args, ...path })}\n`);
    const timer = setTimeout(() => resolve("late"), timeout);
    const answer = await promise;
    clearTimeout(timer);
    this.#waiting.delete(id);
    const what = `${command} ${JSON.stringify(args)}`;
    if (answer === "late") throw new Error(`no answer within ${timeout} ms to ${what}`);
    if (answer === undefined) throw new Error(`the process ended instead of answering ${what}`);
    if (answer.errno !== undefined) throw new AgentError(answer.errno, what);
    return answer as T;
  }

  /** Bytes of a file, through read(2). */
  async read(path: string, offset: number, length: number, timeout?: number): Promise<Buffer> {
    return fromBase64(await this.call("read", { path, offset, length }, timeout));
  }

  /** All of a small file. */
  async text(path: string, timeout?: number): Promise<string> {
    return (await this.read(path, 0, 65536, timeout)).toString();
  }

  /** Maps a part of a file; only what `touch` asks for is faulted in. As clients have to, it looks at the size before. */
  async map(path: string, offset: number, length: number): Promise<number> {
    await this.call("stat", { path });
    return (await this.call<{ map: number }>("map", { path, offset, length })).map;
  }

  /** Bytes of a mapping, read from memory. */
  async touch(map: number, offset: number, length: number, timeout?: number): Promise<Buffer> {
    return fromBase64(await this.call("touch", { map, offset, length }, timeout));
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Waits for its end. @throws when that takes longer (milliseconds) */
  async ends(timeout: number): Promise<void> {
    for (const until = Date.now() + timeout; Date.now() < until;) {
      if (!this.isAlive) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`process ${this.pid} still runs after ${timeout} ms`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isAlive) this.kill("SIGKILL");
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await ended;
    }
  }

  #take(message: Answer | AgentEvent): void {
    if ("event" in message) this.events.emit("event", message);
    else this.#waiting.get(message.id)?.(message);
  }
}

function fromBase64(answer: { readonly base64: string }): Buffer {
  return Buffer.from(answer.base64, "base64");
}
