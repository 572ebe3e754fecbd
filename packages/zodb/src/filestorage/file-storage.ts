import { noSuchObject } from "../errors/object-errors.ts";
import { ZodbError } from "../errors/zodb-error.ts";
import type { Oid } from "../ids/oid.ts";
import { MAX_TID, type Tid } from "../ids/tid.ts";
import type {
  Extent,
  Invalidation,
  Revision,
  RevisionInfo,
  Storage,
  StorageTransaction,
  TransactionMeta,
  TransactionRecord,
} from "../storage.ts";
import type { Follower } from "./follower.ts";
import type { Generation } from "./generation.ts";
import type { Found, Generations } from "./generations.ts";
import { iterate, iterateBackwards, readTransaction } from "./iterate.ts";
import { readTransactionOffset } from "./record-transaction.ts";
import type { DataPlace } from "./revisions.ts";
import type { Writer } from "./writer.ts";

/** What a FileStorage is made of. Exactly one of follower and writer is there: nobody else writes while we do. */
export interface FileStorageParts {
  readonly path: string;
  readonly generations: Generations;
  readonly follower: Follower | undefined;
  readonly writer: Writer | undefined;
}

/**
 * A database in one file. Opened by {@link openFileStorage}.
 *
 * Read-only it follows what another process commits and packs: `poll` whenever `pollFd` is readable, and once a
 * second besides (always by time where `pollFd` is -1). Reads take no lock and never wait for the writer.
 *
 * Descriptors in extents stay open until the database was packed as often as `keepGenerations` says, or the storage is disposed of; a
 * file is closed in poll() only.
 */
export class FileStorage implements Storage {
  readonly path: string;
  readonly #generations: Generations;
  readonly #follower: Follower | undefined;
  readonly #writer: Writer | undefined;
  #closed = false;

  constructor(parts: FileStorageParts) {
    this.path = parts.path;
    this.#generations = parts.generations;
    this.#follower = parts.follower;
    this.#writer = parts.writer;
  }

  get zurl(): string {
    return `file://${this.path}`;
  }

  get readOnly(): boolean {
    return this.#writer === undefined;
  }

  /** The file as it is now, for tools: index, end, what lies behind the end. */
  get generation(): Generation {
    return this.#generations.current;
  }

  lastTid(): Tid {
    return this.#follower?.head() ?? this.#generations.current.lastTid;
  }

  loadBefore(oid: Oid, before: Tid): Revision | undefined {
    const found = this.#generations.before(oid, before);
    if (found === undefined) return undefined;
    const data = found.generation.revisions.read(existing(oid, before, found));
    return { serial: found.serial, next: found.next, data };
  }

  loadSerial(oid: Oid, serial: Tid): Uint8Array {
    const found = this.#generations.exactly(oid, serial);
    const place = found?.generation.revisions.data(oid, found.offset);
    if (found === undefined || place === undefined) throw noSuchObject(oid, { serial });
    return found.generation.revisions.read(place);
  }

  locateBefore(oid: Oid, before: Tid): Extent | undefined {
    const found = this.#generations.before(oid, before);
    if (found === undefined) return undefined;
    const place = existing(oid, before, found);
    const { fd, revisions } = found.generation;
    const { offset, length } = place;
    return { serial: found.serial, next: found.next, fd, offset, length, head: revisions.headOf(place) };
  }

  history(oid: Oid, limit: number): RevisionInfo[] {
    const lines: RevisionInfo[] = [];
    for (const { generation, serial, offset } of this.#generations.chain(oid)) {
      if (lines.length >= limit) return lines;
      const { path, fd } = generation;
      const { user, description, extension } = readTransaction(path, fd, readTransactionOffset(path, fd, offset));
      lines.push({ serial, size: generation.revisions.data(oid, offset)?.length ?? 0, user, description, extension });
    }
    if (lines.length === 0 && limit > 0) throw noSuchObject(oid);
    return lines;
  }

  /** Transactions of the current file: those that a pack has dropped are not told. */
  iterate(from: Tid = 0n, to: Tid = MAX_TID): Iterable<TransactionRecord> {
    return iterate(this.#generations.current, from, to);
  }

  /** Newest first. */
  iterateBackwards(): Iterable<TransactionRecord> {
    return iterateBackwards(this.#generations.current);
  }

  maxOid(): Oid {
    return this.#writer?.maxOid() ?? this.#generations.current.index.maxOid();
  }

  newOid(): Oid {
    return this.#writing().newOid();
  }

  poll(): Invalidation[] {
    if (this.#closed) throw new ZodbError("ESTATE", `${this.path} is closed`);
    return this.#follower?.poll() ?? [];
  }

  pollFd(): number {
    return this.#follower?.watch.fd ?? -1;
  }

  begin(meta: TransactionMeta): StorageTransaction {
    return this.#writing().begin(meta);
  }

  #writing(): Writer {
    if (this.#writer !== undefined) return this.#writer;
    throw new ZodbError("EREADONLY", `${this.path} is open for reading only`);
  }

  /** A writer saves its index, so that the next opening need not scan. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#follower?.[Symbol.dispose]();
    this.#writer?.[Symbol.dispose]();
    this.#generations.close();
    return Promise.resolve();
  }
}

function existing(oid: Oid, before: Tid, found: Found): DataPlace {
  const place = found.generation.revisions.data(oid, found.offset);
  if (place === undefined) throw noSuchObject(oid, { before });
  return place;
}
