import { once } from "node:events";
import { join } from "node:path";
import { scratch } from "../../harness/world.ts";
import { startServer } from "../../harness/server.ts";
import type { TestServer } from "../../harness/server.ts";
import { Agent } from "./agent.ts";
import type { AgentEvent } from "./agent.ts";
import type { Format, NewContent } from "./big-files.ts";
import { BigFiles } from "./big-files.ts";
import { WatchLinkClient } from "./watch-link-client.ts";

/** Bytes of a block: read-ahead stays inside one. */
export const BLK = 2 << 20;

/** A database with a file, a server that was started then, and a process that looks at what it shows. */
export interface IsolationWorld extends AsyncDisposable {
  readonly database: BigFiles;
  readonly server: TestServer;
  /** Follows head. */
  readonly watcher: Agent;
  /** Reads files and opens links. */
  readonly client: Agent;
  /** The file's oid. */
  readonly file: string;
  /** Head when the server started. */
  readonly at0: string;
  /** Another process. */
  agent(options?: { readonly zombie?: boolean }): Promise<Agent>;
  /** Another link; of the client unless said otherwise. */
  link(agent?: Agent): Promise<WatchLinkClient>;
  /** Commits blocks of the file, and waits until head shows them. */
  commit(blocks: Readonly<Record<number, NewContent>>, format?: Format): Promise<string>;
  /** Waits until a zhead line has told of the commit. */
  shown(tid: string): Promise<string>;
  /** Reads the beginning of a block under head; the text up to the zeros. */
  read(
    blk: number,
    options?: { readonly agent?: Agent; readonly file?: string; readonly at?: string; readonly timeout?: number },
  ): Promise<string>;
  /** `.wcfs/stats` by name. */
  stats(): Promise<Record<string, number>>;
  /** Waits until the statistics are so. @throws after 20 s */
  statsBecome(expected: Readonly<Record<string, number>>): Promise<void>;
}

/** Makes a world. @param args of the server */
export async function isolationWorld(
  args: readonly string[] = [],
  prepare: (database: BigFiles, file: string) => void = () => undefined,
): Promise<IsolationWorld> {
  const stack = new AsyncDisposableStack();
  try {
    const directory = stack.use(scratch());
    const database = stack.use(await BigFiles.create(join(directory.path, "data.fs")));
    const { oid } = database.createFile(BLK);
    prepare(database, oid);
    const at0 = database.head;
    const server = stack.use(await startServer(database.zurl, directory.directory("mnt"), args));
    const agent = async (options?: { zombie?: boolean }) => stack.use(await Agent.start(server.mountpoint, options));
    const client = await agent();
    const watcher = await agent();
    const shown = await followHead(watcher);
    return makeWorld({ database, server, client, watcher, agent, shown, file: oid, at0, stack });
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

interface Parts extends Pick<
  IsolationWorld,
  "database" | "server" | "watcher" | "client" | "file" | "at0" | "agent" | "shown"
> {
  readonly stack: AsyncDisposableStack;
}

function makeWorld(parts: Parts): IsolationWorld {
  const { database, client, watcher, file, shown, stack } = parts;
  const stats = async () => parseStats(await watcher.text(".wcfs/stats"));
  return {
    ...parts,
    link: (agent = client) => WatchLinkClient.open(agent),
    commit: (blocks, format) => shown(database.write(file, blocks, format)),
    read: async (blk, options = {}) => {
      const path = `${options.at === undefined ? "head" : `@${options.at}`}/bigfile/${options.file ?? file}`;
      const bytes = await (options.agent ?? client).read(path, blk * BLK, 64, options.timeout);
      return bytes.toString("latin1").replace(/\0+$/, "");
    },
    stats,
    statsBecome: async (expected) => {
      for (let tries = 0; ; tries++) {
        const got = await stats();
        const same = Object.entries(expected).every(([name, value]) => got[name] === value);
        if (same) return;
        if (tries === 1000) throw new Error(`statistics are ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Follows zhead. @returns waits for a commit, and checks that head/at is not behind the line that told it */
async function followHead(watcher: Agent): Promise<(tid: string) => Promise<string>> {
  const { fd } = await watcher.call<{ fd: number }>("open", { path: ".wcfs/debug/zhead", flags: "r" });
  let last = "";
  watcher.events.on("event", (event: AgentEvent) => {
    if (event.fd === fd && event.line !== undefined) last = event.line;
  });
  await watcher.call("pump", { fd });
  return async (tid) => {
    const signal = AbortSignal.timeout(20_000);
    while (last < tid) await once(watcher.events, "event", { signal });
    const at = await watcher.text("head/at");
    if (at < tid) throw new Error(`head/at is ${at} after zhead told ${tid}`);
    return tid;
  };
}

/** Lines `name TAB : SP number`. */
export function parseStats(text: string): Record<string, number> {
  const lines = text.trimEnd().split("\n");
  return Object.fromEntries(
    lines.map((line): [string, number] => [line.split("\t: ")[0] ?? "", Number(line.split("\t: ")[1])]),
  );
}
