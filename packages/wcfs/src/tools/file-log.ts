import type { Oid, RevisionInfo, Tid } from "@belay/zodb";
import { diffFile } from "../delta/index.ts";
import { ALL_KEYS } from "../delta/ranges/key-range.ts";
import { pathOf, TreeState } from "../delta/treediff/tree-state.ts";
import type { Database, Moment } from "../files/database.ts";

/** A transaction that changed a big file. */
export interface FileLogEntry {
  readonly tid: Tid;
  readonly user: string;
  readonly description: string;
  /** Blocks that changed, ascending. */
  readonly blocks: readonly number[];
  /** The file was created, or its block size or block table replaced: nothing before can be compared with. */
  readonly epoch: boolean;
}

/**
 * The revisions of a big file, newest first.
 *
 * Goes from revision to revision: the newest one at or before a moment is the newest among those of the objects that the file consists of then.
 * Costs one look per object of the file, and then only what changed.
 */
export function* fileLog(database: Database, file: Oid, at: Tid): Generator<FileLogEntry, void, undefined> {
  const histories = new Histories(database);
  let parts: Parts | undefined;
  for (let moment = database.at(at); moment.file(file) !== undefined;) {
    parts ??= partsOf(moment, file);
    const tid = newest(parts.serials.values());
    const touched = [...parts.serials].filter(([, serial]) => serial === tid).map(([oid]) => oid);
    const change = touched.some((oid) => !parts?.blocks.has(oid))
      ? structuralChange(database, file, tid)
      : { blocks: blocksOf(parts, touched), epoch: false };
    const [first] = touched;
    if (first !== undefined) yield { tid, ...change, ...histories.meta(first, tid) };

    moment = database.at(tid - 1n);
    if (touched.every((oid) => parts?.blocks.has(oid))) for (const oid of touched) updateSerial(parts, moment, oid);
    else parts = undefined;
  }
}

/** The objects a file consists of at one moment, each with its newest revision then. */
interface Parts {
  readonly serials: Map<Oid, Tid>;
  /** Which of them are blocks, and of which numbers: an object may stand at several places. */
  readonly blocks: ReadonlyMap<Oid, readonly number[]>;
}

function partsOf(moment: Moment, file: Oid): Parts {
  const blocks = new Map<Oid, number[]>();
  const nodes = new Set<Oid>([file]);
  const table = moment.file(file)?.blktab;
  const leaves = table === undefined ? [] : new TreeState(moment, table).leaves(ALL_KEYS);
  for (const { position, bucket } of leaves) {
    for (const oid of pathOf(position)) nodes.add(oid);
    bucket.values.forEach((oid, i) => {
      const numbers = blocks.get(oid);
      if (numbers === undefined) blocks.set(oid, [bucket.keys[i] ?? 0]);
      else numbers.push(bucket.keys[i] ?? 0);
    });
  }
  const serials = new Map([...nodes, ...blocks.keys()].map((oid) => [oid, moment.serial(oid) ?? 0n]));
  return { serials, blocks };
}

function updateSerial(parts: Parts, moment: Moment, oid: Oid): void {
  parts.serials.set(oid, moment.serial(oid) ?? 0n);
}

function blocksOf(parts: Parts, oids: readonly Oid[]): number[] {
  return oids.flatMap((oid) => parts.blocks.get(oid) ?? []).sort((a, b) => a - b);
}

function structuralChange(database: Database, file: Oid, tid: Tid): Pick<FileLogEntry, "blocks" | "epoch"> {
  const { blocks, epoch } = diffFile(database, file, tid - 1n, tid);
  if (epoch === undefined) return { blocks: [...blocks].sort((a, b) => a - b), epoch: false };
  const { blocks: all } = partsOf(database.at(tid), file);
  return { blocks: [...all.values()].flat().sort((a, b) => a - b), epoch: true };
}

function newest(serials: Iterable<Tid>): Tid {
  let max = 0n;
  for (const serial of serials) if (serial > max) max = serial;
  return max;
}

/** What transactions say about themselves, by an object each wrote. */
class Histories {
  readonly #database: Database;
  readonly #known = new Map<Oid, ReadonlyMap<Tid, RevisionInfo>>();

  constructor(database: Database) {
    this.#database = database;
  }

  meta(oid: Oid, tid: Tid): Pick<FileLogEntry, "user" | "description"> {
    let revisions = this.#known.get(oid);
    if (revisions === undefined) {
      revisions = new Map(this.#database.storage.history(oid, Infinity).map((info) => [info.serial, info]));
      this.#known.set(oid, revisions);
    }
    const info = revisions.get(tid);
    return { user: text(info?.user), description: text(info?.description) };
  }
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}
