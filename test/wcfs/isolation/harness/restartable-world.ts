import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { startServer, type TestServer } from "../../harness/server.ts";
import { scratch } from "../../harness/world.ts";
import { Agent } from "./agent.ts";
import { BigFiles } from "./big-files.ts";
import { parseStats } from "./world.ts";

/** A database that outlives its servers: one that is killed is followed by another at the same mountpoint. */
export class RestartableWorld implements AsyncDisposable {
  readonly database: BigFiles;
  readonly mountpoint: string;
  readonly #args: readonly string[];
  readonly #stack: AsyncDisposableStack;
  #server: TestServer;
  #agent: Agent;

  static async create(args: readonly string[]): Promise<RestartableWorld> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(scratch());
    const database = stack.use(await BigFiles.create(join(directory.path, "data.fs")));
    const mountpoint = directory.directory("mnt");
    const server = await startServer(database.zurl, mountpoint, args);
    const agent = await Agent.start(mountpoint);
    return new RestartableWorld({ database, mountpoint, args, server, agent, stack: stack.move() });
  }

  private constructor(parts: {
    readonly database: BigFiles;
    readonly mountpoint: string;
    readonly args: readonly string[];
    readonly server: TestServer;
    readonly agent: Agent;
    readonly stack: AsyncDisposableStack;
  }) {
    this.database = parts.database;
    this.mountpoint = parts.mountpoint;
    this.#args = parts.args;
    this.#stack = parts.stack;
    this.#server = parts.server;
    this.#agent = parts.agent;
  }

  /** The one that serves now. */
  get server(): TestServer {
    return this.#server;
  }

  /** A small file, read by another process. */
  text(path: string): Promise<string> {
    return this.#agent.text(path);
  }

  /** SIGKILL, and the next server. @returns once that one serves */
  async replaceServer(): Promise<void> {
    this.#server.kill("SIGKILL");
    await this.#server.untilEnded(30_000);
    await this.#agent[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
    this.#server = await startServer(this.database.zurl, this.mountpoint, this.#args);
    this.#agent = await Agent.start(this.mountpoint);
  }

  /** Waits until head shows the last commit. @throws after half a minute */
  async untilShown(): Promise<void> {
    const last = this.database.head;
    const until = Date.now() + 30_000;
    while ((await this.text("head/at")) < last) {
      if (Date.now() > until) throw new Error(`head/at does not get to ${last}`);
      await sleep(10);
    }
  }

  /** Waits until nobody has a link, a watch or a pin any more. @throws after half a minute */
  async untilUnused(): Promise<void> {
    const until = Date.now() + 30_000;
    for (;;) {
      const { WatchLink, Watch, PinnedBlk } = parseStats(await this.text(".wcfs/stats"));
      if (WatchLink === 0 && Watch === 0 && PinnedBlk === 0) return;
      if (Date.now() > until) throw new Error(`left: ${JSON.stringify({ WatchLink, Watch, PinnedBlk })}`);
      await sleep(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
    await this.#stack.disposeAsync();
  }
}
