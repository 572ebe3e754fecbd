import type { Invalidation, Oid, Tid } from "@belay/zodb";
import { formatOid, formatTid } from "@belay/zodb";
import { BelayError } from "@belay/supervise";
import { findSource } from "../blocks/find-source.ts";
import type { BlockSource } from "../blocks/source.ts";
import { FileHistory, lookupBlock } from "../delta/index.ts";
import type { FileChange, History } from "../delta/index.ts";
import { BigFile } from "./big-file.ts";
import type { FileSpace } from "./big-file.ts";
import type { Moment } from "./database.ts";
import { measure, openFile } from "./open-file.ts";
import type { SpaceParts } from "./revision-files.ts";

/** What a span of commits changed in one file. */
export interface HeadFileChange {
  readonly file: BigFile;
  /** The blocks, with where their bytes before came from, if that was known. */
  readonly blocks: Map<number, BlockSource | undefined>;
  /** Bytes before; undefined: the size stays. */
  oldSize: number | undefined;
  /** The last of the commits that changed it. */
  tid: Tid;
}

/** A span of commits that was taken in and is not shown yet. */
export interface HeadChange {
  readonly tids: readonly Tid[];
  /** The head before. */
  readonly from: Tid;
  readonly files: readonly HeadFileChange[];
}

/**
 * The files of head.
 *
 * There are two heads: the data head, which reads and new lookups see, and the shown head, which `head/at`, sizes and times tell.
 * Between `take` and `show` the first is ahead.
 */
export class HeadFiles implements FileSpace {
  readonly rev = undefined;
  readonly history: History;
  readonly #parts: SpaceParts;
  readonly #files = new Map<Oid, BigFile>();
  #moment: Moment;
  #shown: Tid;

  /** @param at0 the newest transaction the database has taken in */
  constructor(parts: SpaceParts, at0: Tid) {
    this.#parts = parts;
    this.history = new FileHistory(parts.database, at0);
    this.#moment = parts.database.at(at0);
    this.#shown = at0;
  }

  /** The newest commit shown. */
  get shown(): Tid {
    return this.#shown;
  }

  /** The newest commit that reads see. */
  get data(): Tid {
    return this.#moment.tid;
  }

  /** How many files were looked up. */
  get size(): number {
    return this.#files.size;
  }

  lookup(oid: Oid, name: string): BigFile {
    const known = this.#files.get(oid);
    if (known !== undefined) return known;
    const opened = openFile(this.#moment, oid);
    const file = new BigFile({
      ...opened,
      id: this.#parts.nextId(),
      oid,
      name,
      mtime: opened.serial,
      sources: this.#parts.sources.table(),
      space: this,
    });
    this.history.track(oid, undefined, opened.last.path, opened.last.leafRange);
    this.#files.set(oid, file);
    return file;
  }

  /** The file, if it was looked up. */
  get(oid: Oid): BigFile | undefined {
    return this.#files.get(oid);
  }

  files(): Iterable<BigFile> {
    return this.#files.values();
  }

  source(file: BigFile, blk: number): BlockSource {
    const known = file.sources.get(blk);
    if (known !== undefined) return known;
    const place = lookupBlock(this.#moment, file.blktab, blk);
    // Before anything can fail: the kernel may cache what an earlier read of the block gave it.
    this.history.track(file.oid, blk, place.path, place.leafRange, place.value);
    const source = findSource(this.#moment, place, file.blksize);
    file.sources.set(blk, source);
    return source;
  }

  fileForgotten(file: BigFile): void {
    this.#parts.onForgotten(file);
  }

  /**
   * Takes commits in, oldest first: from now on reads see them.
   *
   * @throws when the history fails, or a file is no longer what it was: head cannot be followed any further then
   */
  take(events: readonly Invalidation[]): HeadChange {
    const changes = new Map<Oid, HeadFileChange>();
    const from = this.data;
    for (const event of events) {
      for (const [oid, change] of this.history.update(event)) this.#merge(changes, oid, change, event.tid);
      this.#moment = this.#parts.database.at(event.tid);
    }
    for (const change of changes.values()) if (change.oldSize !== undefined) this.#resize(change);
    return { tids: events.map((event) => event.tid), from, files: [...changes.values()] };
  }

  /** The kernel's caches have nothing old any more: one commit of the span is shown. */
  show(change: HeadChange, tid: Tid): void {
    this.#shown = tid;
    for (const { file, tid: changedAt } of change.files) if (changedAt === tid) file.show(tid);
  }

  #merge(changes: Map<Oid, HeadFileChange>, oid: Oid, change: FileChange, tid: Tid): void {
    const file = this.#files.get(oid);
    if (file === undefined) return;
    if (change.epoch !== undefined) throw epochOf(oid, tid);
    let merged = changes.get(oid);
    if (merged === undefined) changes.set(oid, (merged = { file, blocks: new Map(), oldSize: undefined, tid }));
    merged.tid = tid;
    if (change.sizeChanged) merged.oldSize ??= file.size;
    for (const blk of change.blocks) {
      if (!merged.blocks.has(blk)) merged.blocks.set(blk, file.sources.peek(blk));
      file.sources.forget(blk);
    }
  }

  #resize(change: HeadFileChange): void {
    const { file } = change;
    const { size, last } = measure(this.#moment, file.oid, file);
    this.history.track(file.oid, undefined, last.path, last.leafRange);
    if (size === change.oldSize) change.oldSize = undefined;
    else file.resize(size);
  }
}

function epochOf(oid: Oid, tid: Tid): BelayError {
  return new BelayError("EEPOCH", `file ${formatOid(oid)} was replaced or deleted @${formatTid(tid)}`, {
    hint: "start the server again: what clients have mapped of the file does not belong to it any more",
  });
}
