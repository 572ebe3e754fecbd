import { allOids, sniffClass, type Oid, type Storage, type Tid } from "@belay/zodb";
import { isUserError } from "@belay/supervise";
import { preadAll } from "../blocks/piece.ts";
import { ALL_KEYS } from "../delta/ranges/key-range.ts";
import { TreeState } from "../delta/treediff/tree-state.ts";
import type { Database, Moment } from "../files/database.ts";
import { openFile } from "../files/open-file.ts";
import { FILE_MODULE } from "../files/states.ts";
import { rootEntries } from "./root-entries.ts";

/** A big file of a database. */
export interface BigFileInfo {
  readonly oid: Oid;
  /** Keys in the root object under which it is found. */
  readonly names: readonly string[];
  /** Bytes. */
  readonly size: number;
  readonly blksize: number;
  /** Blocks that are stored; the others are zeros. */
  readonly blocks: number;
}

/**
 * The big files of a database at one moment, in the order of their oids.
 *
 * @param onDamaged  told of each file that cannot be opened, which is left out; without it the error is thrown
 *
 * Looks at the beginning of every object's record, where its class is: a second or so for a million objects in a file.
 */
export function* listBigFiles(
  database: Database,
  at: Tid,
  onDamaged?: (oid: Oid, error: unknown) => void,
): Generator<BigFileInfo, void, undefined> {
  const moment = database.at(at);
  const names = namesByOid(moment);
  for (const oid of bigFileOids(moment, database.storage)) {
    try {
      yield { ...describe(moment, oid), names: names.get(oid) ?? [] };
    } catch (error) {
      if (onDamaged === undefined || !isUserError(error)) throw error;
      onDamaged(oid, error);
    }
  }
}

function describe(moment: Moment, oid: Oid): Omit<BigFileInfo, "names"> {
  const { size, blksize, blktab } = openFile(moment, oid);
  return { oid, size, blksize, blocks: countBlocks(moment, blktab) };
}

function* bigFileOids(moment: Moment, storage: Storage): Generator<Oid, void, undefined> {
  for (const oid of allOids(storage)) if (isBigFile(moment, oid)) yield oid;
}

const head = Buffer.alloc(128);

function isBigFile(moment: Moment, oid: Oid): boolean {
  const extent = moment.locate(oid);
  if (extent === undefined) return false;
  if (extent === "unknown") return moment.file(oid) !== undefined;
  const bytes = head.subarray(0, Math.min(head.length, extent.length));
  preadAll(extent.fd, bytes, extent.offset);
  // A compressed record shows its class only when it is expanded.
  const cls = bytes[1] === 0x7a ? undefined : sniffClass(bytes);
  return cls === undefined ? moment.file(oid) !== undefined : cls.module === FILE_MODULE && cls.name === "ZBigFile";
}

function namesByOid(moment: Moment): ReadonlyMap<Oid, string[]> {
  const names = new Map<Oid, string[]>();
  for (const [name, oid] of rootEntries(moment)) names.set(oid, [...(names.get(oid) ?? []), name]);
  return names;
}

function countBlocks(moment: Moment, blktab: Oid): number {
  let count = 0;
  for (const leaf of new TreeState(moment, blktab).leaves(ALL_KEYS)) count += leaf.bucket.keys.length;
  return count;
}
