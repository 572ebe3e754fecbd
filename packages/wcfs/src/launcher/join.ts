import type { FileHandle } from "node:fs/promises";
import { readFile, stat, open } from "node:fs/promises";
import type { Stats } from "node:fs";
import { join as joinPath } from "node:path";
import { formatOid, formatTid, type Oid, type Tid } from "@belay/zodb";
import { userError } from "@belay/supervise";
import { connect, readHead, type Conn, type ConnectOptions } from "../client/index.ts";
import { attach } from "./attach.ts";
import { autostartOfEnvironment } from "./environment.ts";
import { mountpointOf } from "./mountpoint.ts";
import { prepare } from "./prepare.ts";
import type { Server } from "./server.ts";
import { startPrepared } from "./start.ts";
import type { StartOptions } from "./spawn-server.ts";

/** How to join. */
export interface JoinOptions extends StartOptions {
  /** Start a server if none runs. Default: `$WENDELIN_CORE_WCFS_AUTOSTART`, else yes. */
  readonly autostart?: boolean;
}

/**
 * A joined server: as long as it is open the server has a client here.
 *
 * One object per database and process; each join counts, and the last close lets go.
 */
export class Wcfs implements AsyncDisposable {
  readonly mountpoint: string;
  /** The server, if this process started it; it goes on after the last close, and ends by itself when nobody uses it. */
  readonly server: Server | undefined;
  #handle: FileHandle;
  #joins = 1;

  constructor(mountpoint: string, handle: FileHandle, server: Server | undefined) {
    this.mountpoint = mountpoint;
    this.#handle = handle;
    this.server = server;
  }

  /** How many joins are not closed yet. */
  get joins(): number {
    return this.#joins;
  }

  /** Path of something below the mountpoint. */
  path(name: string): string {
    return joinPath(this.mountpoint, name);
  }

  /** Path of a big file, at head or at a moment of the past. */
  bigfilePath(oid: Oid, at?: Tid): string {
    return this.path(joinPath(at === undefined ? "head" : `@${formatTid(at)}`, "bigfile", formatOid(oid)));
  }

  /** Shows the database's big files as of a moment, once the server has got there; see `connect`. */
  connect(at: Tid, options?: ConnectOptions): Promise<Conn> {
    return connect(this.mountpoint, at, options);
  }

  /** The last transaction that the server shows. */
  head(): Promise<Tid> {
    return readHead(this.mountpoint);
  }

  read(name: string): Promise<Buffer> {
    return readFile(this.path(name));
  }

  stat(name: string): Promise<Stats> {
    return stat(this.path(name));
  }

  open(name: string): Promise<FileHandle> {
    return open(this.path(name), "r");
  }

  /** Counts one more join of the same object. */
  addJoin(): this {
    this.#joins++;
    return this;
  }

  /**
   * Takes one join back. The last one lets go of the server, which is not stopped.
   *
   * @throws ENOTCONN or ECONNABORTED if the server died meanwhile; the object is closed all the same
   */
  async close(): Promise<void> {
    if (this.#joins === 0) return;
    this.#joins--;
    if (this.#joins > 0) return;
    registry.delete(this.mountpoint);
    await this.#handle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

// Promises, so that joins of one database that overlap wait for one start, and those of others are not held up.
const registry = new Map<string, Promise<Wcfs>>();

/**
 * Joins the server of a database, starting it if need be. Joining again gives the same object.
 *
 * @throws BelayError `ENOSERVER`: none runs and none is to be started; what start throws
 */
export async function join(zurl: string, options: JoinOptions = {}): Promise<Wcfs> {
  const mountpoint = mountpointOf(zurl);
  const known = registry.get(mountpoint);
  if (known !== undefined) return (await known).addJoin();
  const joining = joinAnew(zurl, mountpoint, options);
  registry.set(mountpoint, joining);
  try {
    return await joining;
  } catch (error) {
    registry.delete(mountpoint);
    throw error;
  }
}

async function joinAnew(zurl: string, mountpoint: string, options: JoinOptions): Promise<Wcfs> {
  const found = await attach(mountpoint);
  if (found.state === "running") return new Wcfs(mountpoint, found.handle, undefined);
  if (!(options.autostart ?? autostartOfEnvironment())) {
    throw userError("ENOSERVER", `wcfs: join ${zurl}: server not running`, { hint: `start it: wcfs start ${zurl}` });
  }
  try {
    using prepared = await prepare("join", zurl, options);
    const withExit = { ...options, options: [...(options.options ?? []), "-autoexit"] };
    const { server, handle } = await startPrepared(zurl, prepared, withExit);
    return new Wcfs(mountpoint, handle, server);
  } catch (error) {
    // Another process was quicker: its server is as good.
    const other = await attach(mountpoint);
    if (other.state === "running") return new Wcfs(mountpoint, other.handle, undefined);
    throw error;
  }
}
