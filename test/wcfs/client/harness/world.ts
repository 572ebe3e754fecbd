import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BigFiles } from "../../isolation/harness/big-files.ts";
import { startServer, type TestServer } from "../../harness/server.ts";
import { scratch } from "../../harness/world.ts";
import { ClientProcess } from "./client.ts";

/** Bytes of a block. */
export const BLK = 2 << 20;

/** A database with one file, its server, and processes that use it through the client library. */
export interface ClientWorld extends AsyncDisposable {
  readonly database: BigFiles;
  readonly server: TestServer;
  /** The file. */
  readonly oid: bigint;
  /** The transaction that made the file. */
  readonly at0: bigint;
  /** Writes blocks of a file, by default the one. Does not wait for the server. */
  commit(blocks: Readonly<Record<number, string>>, file?: bigint): bigint;
  /** Makes another file. */
  newFile(): bigint;
  client(options?: { readonly execArgv?: readonly string[] }): ClientProcess;
  /** Waits until the server's statistics are so. */
  statsBecome(expected: Readonly<Record<string, number>>): Promise<void>;
}

/** Makes a world. @param prepare  run before the server starts */
export async function clientWorld(
  options: { readonly args?: readonly string[]; readonly prepare?: (database: BigFiles, file: string) => void } = {},
): Promise<ClientWorld> {
  const stack = new AsyncDisposableStack();
  try {
    const { path } = stack.use(scratch());
    const database = stack.use(await BigFiles.create(join(path, "data.fs")));
    const file = database.createFile(BLK).oid;
    options.prepare?.(database, file);
    const at0 = tid(database.head);
    const mountpoint = join(path, "mnt");
    mkdirSync(mountpoint);
    const server = stack.use(await startServer(database.zurl, mountpoint, options.args));
    const observer = stack.use(new ClientProcess(mountpoint));
    return {
      database,
      server,
      oid: tid(file),
      at0,
      commit: (blocks, oid = tid(file)) => tid(database.write(hex(oid), blocks)),
      newFile: () => tid(database.createFile(BLK).oid),
      client: (clientOptions) => stack.use(new ClientProcess(mountpoint, clientOptions)),
      statsBecome: (expected) => statsBecome(observer, expected),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Sixteen hexadecimal digits. */
export function hex(id: bigint): string {
  return id.toString(16).padStart(16, "0");
}

function tid(text: string): bigint {
  return BigInt(`0x${text}`);
}

async function statsBecome(observer: ClientProcess, expected: Readonly<Record<string, number>>): Promise<void> {
  for (let tries = 0; ; tries++) {
    const text = await observer.run((c) => c.fs.readFileSync(`${c.mountpoint}/.wcfs/stats`, "latin1"), {});
    const wrong = Object.entries(expected).filter(([name, value]) => !text.includes(`${name}\t: ${value}\n`));
    if (wrong.length === 0) return;
    if (tries === 1000) throw new Error(`statistics should have ${JSON.stringify(wrong)} but are\n${text}`);
    await sleep(20);
  }
}
