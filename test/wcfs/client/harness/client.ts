import { fork, type ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type * as wcfs from "@belay/wcfs";
import type * as zodb from "@belay/zodb";
import type * as fs from "node:fs";

/** What the functions that run in the other process find there: the library, and what earlier ones have left. */
export interface Client {
  readonly wcfs: typeof wcfs;
  readonly zodb: typeof zodb;
  readonly mountpoint: string;
  /** Steps can import nothing. */
  readonly fs: typeof fs;
  readonly conns: Record<string, wcfs.Conn>;
  readonly files: Record<string, wcfs.FileH>;
  readonly maps: Record<string, wcfs.Mapping>;
  conn(name: string): wcfs.Conn;
  file(name: string): wcfs.FileH;
  map(name: string): wcfs.Mapping;
}

/** One function for the other process, and what it is called with. */
export interface ClientRequest {
  readonly source: string;
  readonly args: unknown;
}

export type ClientAnswer =
  { readonly value: unknown } | { readonly error: { readonly message: string; readonly code: string | undefined } };

/** An error that was thrown in the other process. */
export class ClientError extends Error {
  readonly code: string | undefined;

  constructor({ message, code }: { readonly message: string; readonly code: string | undefined }) {
    super(message);
    this.code = code;
  }
}

const script = fileURLToPath(new URL("./client.child.ts", import.meta.url));

/** A process of its own that uses a mount: the test itself never does, so that it cannot hang. */
export class ClientProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals>;
  #stderr = "";
  #waiting: ((answer: ClientAnswer | undefined) => void) | undefined;

  constructor(mountpoint: string, options: { readonly execArgv?: readonly string[] } = {}) {
    this.#child = fork(script, [mountpoint], {
      serialization: "advanced",
      execArgv: [...(options.execArgv ?? [])],
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString();
      if (process.env["BELAY_TEST_LOG"] !== undefined) process.stderr.write(chunk);
    });
    this.#child.on("message", (answer: ClientAnswer) => this.#waiting?.(answer));
    this.#ended = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => {
        resolve(signal ?? code ?? -1);
        this.#waiting?.(undefined);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it has written to standard error. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Its exit code, or the signal that ended it. */
  get ended(): Promise<number | NodeJS.Signals> {
    return this.#ended;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /**
   * Runs a function there. It only has what it is given: its text is what is sent.
   *
   * @param timeout  milliseconds
   * @throws ClientError with message and code of what it threw; Error when it takes too long or the process ends
   */
  async run<T, A>(step: (client: Client, args: A) => T | Promise<T>, args: A, timeout = 20_000): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<ClientAnswer | undefined>();
    this.#waiting = resolve;
    const request: ClientRequest = { source: step.toString(), args };
    this.#child.send(request, () => undefined);
    const late = new AbortController();
    const answer = await Promise.race([promise, sleep(timeout, "late" as const, { signal: late.signal })]);
    late.abort();
    if (answer === "late") throw new Error(`no answer within ${timeout} ms: ${step.toString().slice(0, 200)}`);
    if (answer === undefined) throw new Error(`the client has ended: ${await this.#ended}: ${this.#stderr}`);
    if ("error" in answer) throw new ClientError(answer.error);
    return answer.value as T;
  }

  /** As run, for what must fail. @returns the message */
  async failure<A>(step: (client: Client, args: A) => unknown, args: A, timeout?: number): Promise<string> {
    try {
      await this.run(step, args, timeout);
    } catch (error) {
      if (error instanceof ClientError) return error.message;
      throw error;
    }
    throw new Error(`nothing was thrown: ${step.toString()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const hard = setTimeout(() => this.#child.kill("SIGKILL"), 20_000);
    await this.#ended;
    clearTimeout(hard);
  }
}
