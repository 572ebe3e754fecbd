import type { FileSystem, ServeLoop } from "@belay/fuse";
import { errno } from "@belay/linux";
import type { Logger } from "@belay/supervise";
import type { Storage, Tid } from "@belay/zodb";
import { formatTid, tidFromUnixNs, tidToUnixNs } from "@belay/zodb";
import { SourceCache } from "../blocks/source-cache.ts";
import { Uploader } from "../blocks/uploader.ts";
import { CommitFollower } from "../commits/commit-follower.ts";
import type { KernelCache } from "../commits/kernel-cache.ts";
import { watchPaced } from "../commits/watch-paced.ts";
import { Database } from "../files/database.ts";
import { HeadFiles } from "../files/head-files.ts";
import type { SpaceParts } from "../files/revision-files.ts";
import { Revisions } from "../files/revisions.ts";
import { TidWaiters } from "../files/tid-waiters.ts";
import { clientProcesses, Isolation } from "../isolation/index.ts";
import { HeadLines } from "../tree/head-lines.ts";
import { NodeTable } from "../tree/node-table.ts";
import { RootDirectory } from "../tree/root.ts";
import type { AnyNode } from "../tree/wcfs-file-system.ts";
import { wcfsFileSystem } from "../tree/wcfs-file-system.ts";
import { logChange } from "./commit-log.ts";
import { fixedTree } from "./fixed-tree.ts";
import { warnOfOldKernel } from "./kernel-check.ts";
import type { ServerOptions } from "./options.ts";
import { ReadErrors } from "./read-errors.ts";
import { formatMetrics } from "./metrics.ts";
import { formatStatistics } from "./statistics.ts";
import type { Statistics } from "./statistics.ts";

/** Bytes of the heap for knowing where blocks lie, roughly. */
const SOURCE_BUDGET = 32 << 20;

/** Nanoseconds of history kept even if nobody watches: a watch may start so far in the past. */
const HISTORY = 60_000_000_000n;

/** Milliseconds between looks at a database that is written to: what was committed in between is taken in together. */
const PACE = 2;

/** The same while commits come fast. */
const STORM_PACE = 5;

/** Milliseconds between looks at the database that nothing asked for, and at what is not used any more. */
const TICK = 1000;

/** What the server is made from. */
export interface WcfsParts {
  readonly options: Pick<ServerOptions, "zurl" | "pinTimeout" | "pinPolicy" | "debug" | "log">;
  readonly storage: Storage;
  readonly loop: ServeLoop;
  readonly cache: KernelCache;
  readonly log: Logger;
  /** Tells the kernel that a file it polls may be ready now. Waits for nothing. */
  wakePoll(handle: bigint): void;
  /** Head cannot be followed any more: the process has to end. */
  onFailed(): void;
}

/** The server's state, in the thread that serves. */
export class Wcfs {
  readonly fileSystem: FileSystem;
  readonly #parts: WcfsParts;
  readonly #database: Database;
  readonly #head: HeadFiles;
  readonly #revisions: Revisions;
  readonly #root: RootDirectory;
  readonly #follower: CommitFollower;
  readonly #uploader: Uploader;
  readonly #errors: ReadErrors;
  readonly #nodes = new NodeTable<AnyNode>();
  readonly #waiters = new TidWaiters();
  readonly #sources = new SourceCache(SOURCE_BUDGET);
  readonly #headLines = new Set<HeadLines>();
  readonly #isolation: Isolation;
  #reads = 0;

  constructor(parts: WcfsParts) {
    this.#parts = parts;
    const { loop, cache, storage, log } = parts;
    const now = () => performance.now();
    const nextId = () => this.#nodes.nextId();
    this.#errors = new ReadErrors(log);
    this.#database = new Database(storage, () => this.#databaseMoved());
    this.#uploader = new Uploader(cache, { now, after: (ms, callback) => void loop.after(ms, callback) });
    const onForgotten: SpaceParts["onForgotten"] = (file) => this.#uploader.forgetFile(file);
    const space: SpaceParts = { database: this.#database, sources: this.#sources, nextId, onForgotten };
    this.#head = new HeadFiles(space, storage.lastTid());
    this.#revisions = new Revisions(space);
    const shownHead = () => this.#head.shown;
    this.#isolation = new Isolation({
      history: this.#head.history,
      shownHead,
      isKnown: (oid) => this.#head.get(oid) !== undefined,
      isCommitting: () => this.#follower.behind,
      waiters: this.#waiters,
      pinTimeout: parts.options.pinTimeout,
      pinPolicy: parts.options.pinPolicy,
      now,
      after: (ms, callback) => loop.after(ms, callback),
      watchFd: (fd, callback) => loop.watch(fd, callback),
      processes: clientProcesses,
      log: (level, message) => log[level](message),
      fail: (error) => this.#failed(error),
    });
    const fixed = fixedTree({
      ...parts.options,
      head: this.#head,
      shownHead,
      nextId,
      statistics: () => formatStatistics(this.#statistics()),
      metrics: () => this.#metrics(),
      openHeadLines: () => opened(this.#headLines, (onClose) => new HeadLines(onClose)),
      openLink: (pid) => this.#isolation.open(pid),
    });
    this.#root = new RootDirectory({
      fixed,
      revisions: this.#revisions,
      waiters: this.#waiters,
      shownHead,
      nextId,
      now,
    });
    this.#nodes.reference(this.#root);
    this.#follower = new CommitFollower({
      head: this.#head,
      cache,
      poll: () => this.#database.poll(),
      onTaken: (change) => logChange(change, parts.options.log.verbosity, log),
      pauseUploads: () => this.#uploader.pause(),
      resumeUploads: () => this.#uploader.resume(),
      isWatched: (file) => this.#isolation.isWatched(file),
      now,
      onChanged: (file, blk) => this.#uploader.forget(file, blk),
      onShown: (tid) => this.#shown(tid),
      onFailed: (error) => this.#failed(error),
    });
    this.fileSystem = this.#makeFileSystem();
  }

  /** Starts to follow the database. */
  start(): void {
    const { storage, loop } = this.#parts;
    const fd = storage.pollFd();
    if (fd >= 0) {
      const gap = () => (this.#follower.isStorm ? STORM_PACE : PACE);
      watchPaced(loop, fd, gap, () => this.#follower.pump());
    }
    const tick = () => {
      this.#follower.pump();
      this.#root.sweep();
      loop.after(TICK, tick);
    };
    tick();
  }

  /** Reads of head are refused from now on: the server ends, and what they wait for must not hold it up. */
  endReads(): void {
    this.#isolation.shut();
  }

  /** What the server is doing, for people who have to find out why it does not. */
  describe(): string {
    const head = this.#head;
    return [
      `head shown @${formatTid(head.shown)}, read @${formatTid(head.data)}, history from @${formatTid(head.history.tail)}`,
      `behind the database: ${this.#follower.behind}`,
      `nodes the kernel knows: ${this.#nodes.size}`,
      `sources of blocks: ${this.#sources.weight} bytes`,
      `reads answered: ${this.#reads}`,
      formatStatistics(this.#statistics()),
    ].join("\n");
  }

  #makeFileSystem(): FileSystem {
    const files = wcfsFileSystem({
      nodes: this.#nodes,
      gate: this.#isolation,
      wakePoll: (handle) => this.#parts.wakePoll(handle),
      onRead: (file, offset, length) => {
        this.#reads++;
        this.#uploader.noteRead(file, offset, length);
        this.#follower.noteRead(file, offset, length);
      },
      onReadError: (file, offset, error) => {
        this.#errors.note(file, offset, error);
        return errno.EIO;
      },
    });
    return { ...files, init: (connection) => warnOfOldKernel(connection, this.#parts.log) };
  }

  #databaseMoved(): void {
    this.#sources.clear();
  }

  #shown(tid: Tid): void {
    for (const lines of this.#headLines) {
      if (!lines.push(tid)) {
        this.#headLines.delete(lines);
        this.#parts.log.error("zhead: a reader has fallen too far behind and is let go");
      }
    }
    this.#waiters.reached(tid);
    const recent = tidFromUnixNs(tidToUnixNs(tid) - HISTORY);
    const oldest = this.#isolation.oldestAt() ?? recent;
    this.#head.history.forget(oldest < recent ? oldest : recent);
  }

  #failed(error: unknown): void {
    this.endReads();
    this.#parts.log.error(
      `zwatcher failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    this.#parts.log.error("switching filesystem to EIO mode");
    this.#parts.onFailed();
  }

  #statistics(): Statistics {
    const { links, watches, pinned, pins, kills } = this.#isolation.counts;
    return {
      BigFile: this.#head.size,
      RevHead: this.#revisions.size,
      ZHeadLink: this.#headLines.size,
      WatchLink: links,
      Watch: watches,
      PinnedBlk: pinned,
      pin: pins,
      pinkill: kills,
    };
  }

  #metrics(): string {
    const { forgiven, waitingReads } = this.#isolation.counts;
    return formatMetrics({
      ...this.#statistics(),
      headTime: Number(tidToUnixNs(this.#head.shown) / 1000n) / 1e6,
      isBehind: this.#follower.behind,
      reads: this.#reads,
      pushed: this.#follower.pushed,
      waitingReads,
      forgivenPins: forgiven,
      sources: this.#sources.weight,
      nodes: this.#nodes.size,
    });
  }
}

function opened<S>(set: Set<S>, make: (onClose: () => void) => S): S {
  const stream: S = make(() => set.delete(stream));
  set.add(stream);
  return stream;
}
