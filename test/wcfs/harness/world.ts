import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestDatabase } from "./database.ts";
import { Reader } from "./reader.ts";
import { startServer } from "./server.ts";
import type { TestServer } from "./server.ts";

/** A directory that goes with its scope. */
export interface Scratch extends Disposable {
  readonly path: string;
  /** A new empty directory in it. */
  directory(name: string): string;
}

/** Makes a directory for one test. */
export function scratch(): Scratch {
  const path = mkdtempSync(join(tmpdir(), "belay-test-"));
  return {
    path,
    directory: (name) => {
      mkdirSync(join(path, name));
      return join(path, name);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** A database, a file in it, a server that shows it, and a process that reads there. */
export interface World extends AsyncDisposable {
  readonly database: TestDatabase;
  /** The file's oid. */
  readonly file: string;
  readonly blksize: number;
  /** The transaction that made the file; the server started there. */
  readonly at0: string;
  readonly server: TestServer;
  readonly reader: Reader;
  /** Waits until head shows a commit. */
  headReaches(tid: string): Promise<void>;
}

/** Makes a world. @param prepare run before the server starts */
export async function makeWorld(
  blksize: number,
  options: {
    readonly args?: readonly string[];
    readonly prepare?: (database: TestDatabase, file: string) => Promise<unknown>;
  } = {},
): Promise<World> {
  const stack = new AsyncDisposableStack();
  try {
    const directory = stack.use(scratch());
    const database = stack.use(new TestDatabase(join(directory.path, "data.fs")));
    const { oid, tid } = await database.create(blksize);
    await options.prepare?.(database, oid);
    const mountpoint = directory.directory("mnt");
    const server = stack.use(await startServer(database.zurl, mountpoint, options.args));
    const reader = stack.use(new Reader(mountpoint));
    return {
      database,
      file: oid,
      blksize,
      at0: tid,
      server,
      reader,
      headReaches: (tid) => headReaches(reader, tid),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function headReaches(reader: Reader, tid: string): Promise<void> {
  const started = performance.now();
  while (performance.now() - started < 20_000) {
    if ((await reader.text("head/at")) >= tid) return;
  }
  throw new Error(`head/at did not reach ${tid}`);
}
