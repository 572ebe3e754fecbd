import type { Connection, Tid, TransactionMeta } from "@belay/zodb";
import type { Conn } from "../client/index.ts";
import { join, type JoinOptions, type Wcfs } from "../launcher/index.ts";
import { zurlOf } from "./zurl-of.ts";

/** What is let go of when the database connection is no longer used. */
interface Joined {
  readonly wcfs: Wcfs;
  readonly conn: Conn;
}

/**
 * The big files of a database as a connection to it sees them, at its moment.
 *
 * A connection moves when it is told to, at once; the big files follow through the server, which takes a moment. So both are moved here:
 * by `sync` and `commit`, or by `follow` after something else has moved the connection.
 */
export class FollowingConn implements AsyncDisposable {
  readonly connection: Connection;
  readonly conn: Conn;
  readonly #joined: Joined;
  readonly #ref = new WeakRef<FollowingConn>(this);
  #closing: Promise<void> | undefined;

  /** @internal Use {@link connOf}. */
  constructor(connection: Connection, joined: Joined) {
    this.connection = connection;
    this.conn = joined.conn;
    this.#joined = joined;
    unused.register(connection, joined, this);
    refsOf(connection.storage).add(this.#ref);
  }

  /** Brings the big files to where the connection is. @throws as `Conn.resync` */
  async follow(): Promise<void> {
    if (this.conn.at !== this.connection.at) await this.conn.resync(this.connection.at);
  }

  /** Takes in what others committed. @throws as `Connection.sync`, `Conn.resync` */
  async sync(): Promise<Tid> {
    const at = this.connection.sync();
    await this.follow();
    return at;
  }

  /** Commits what was changed. @throws as `Connection.commit`, after which nothing was committed; then as `Conn.resync` */
  async commit(meta?: TransactionMeta): Promise<Tid> {
    const tid = this.connection.commit(meta);
    await this.follow();
    return tid;
  }

  /** Closes the big files, and takes back the join. */
  close(): Promise<void> {
    unused.unregister(this);
    refsOf(this.connection.storage).delete(this.#ref);
    return (this.#closing ??= release(this.#joined));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const known = new WeakMap<Connection, Promise<FollowingConn>>();

// Explicit closing is the rule; this is for connections that were forgotten.
const unused = new FinalizationRegistry<Joined>((joined) => void release(joined).catch(() => undefined));

// Weakly: that its database is open must not keep a forgotten connection.
const ofDatabases = new WeakMap<Connection["storage"], Set<WeakRef<FollowingConn>>>();

function refsOf(storage: Connection["storage"]): Set<WeakRef<FollowingConn>> {
  const present = ofDatabases.get(storage);
  if (present !== undefined) return present;
  const fresh = new Set<WeakRef<FollowingConn>>();
  ofDatabases.set(storage, fresh);
  return fresh;
}

/**
 * Closes the big files of all connections to a database, as has to be done before the database is closed. Connections that are still in
 * use find them closed.
 *
 * @throws the first of what closing them threw; all are closed nevertheless
 */
export async function closeConnsOf(storage: Connection["storage"]): Promise<void> {
  const open = [...refsOf(storage)].flatMap((ref) => ref.deref() ?? []);
  const ends = await Promise.allSettled(open.map((conn) => conn.close()));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/**
 * The big files of a connection's database, from the server at the zurl of its storage. The same object each time, until it is closed or
 * its view is lost.
 *
 * @throws BelayError `EINRAM` for a database that exists in this process only; as `join`, `Wcfs.connect`
 */
export function connOf(connection: Connection, options: JoinOptions = {}): Promise<FollowingConn> {
  const before = known.get(connection);
  const now = before === undefined ? connectAnew(connection, options) : usableOrAnew(connection, before, options);
  known.set(connection, now);
  return now;
}

async function usableOrAnew(
  connection: Connection,
  before: Promise<FollowingConn>,
  options: JoinOptions,
): Promise<FollowingConn> {
  const following = await before.catch(() => undefined);
  if (following === undefined || following.conn.signal.aborted) return connectAnew(connection, options);
  await following.follow();
  return following;
}

async function connectAnew(connection: Connection, options: JoinOptions): Promise<FollowingConn> {
  const wcfs = await join(zurlOf(connection.storage), options);
  try {
    return new FollowingConn(connection, { wcfs, conn: await wcfs.connect(connection.at) });
  } catch (error) {
    await wcfs.close();
    throw error;
  }
}

async function release({ wcfs, conn }: Joined): Promise<void> {
  try {
    await conn.close();
  } finally {
    await wcfs.close();
  }
}
