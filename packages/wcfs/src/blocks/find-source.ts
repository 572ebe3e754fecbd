import type { Oid, Tid } from "@belay/zodb";
import { PersistentRef } from "@belay/zodb";
import type { BlockPlace } from "../delta/index.ts";
import type { Moment } from "../files/database.ts";
import { isFileClass, malformed, readTreeNode, treeClass } from "../files/states.ts";
import { findBytes } from "./bytes-object.ts";
import { ChunkTable } from "./chunk-table.ts";
import { ChunkedSource } from "./chunked-source.ts";
import type { Piece } from "./piece.ts";
import { holeSource, wholeSource } from "./source.ts";
import type { BlockSource } from "./source.ts";

/**
 * Finds out where a block's bytes come from.
 *
 * @param place of the block in its table, at the same moment
 * @throws when what leads to the bytes is damaged, or the object is no block
 */
export function findSource(moment: Moment, place: BlockPlace, blksize: number): BlockSource {
  const treeRev = latest(place.path.map((oid) => moment.nodeSerial(oid) ?? 0n));
  if (place.value === undefined) return holeSource(treeRev);
  const whole = findBytes(moment, place.value, "ZBlk0", "ZBlk");
  if (whole === undefined) return chunked(moment, place.value, blksize, treeRev);
  if (whole.piece.length > blksize) throw malformed("ZBlk0 larger than a block");
  return wholeSource(latest([treeRev, whole.serial]), whole.piece);
}

function chunked(moment: Moment, oid: Oid, blksize: number, treeRev: Tid): BlockSource {
  const record = moment.record(oid);
  if (record === undefined || !isFileClass(record.class, "ZBlk1"))
    throw malformed(`block ${oid.toString(16)} of another class`);
  if (!(record.state instanceof PersistentRef)) throw malformed("ZBlk1");
  const table = new ChunkTable((node) => loadChunkNode(moment, node), record.state.oid);
  return new ChunkedSource(latest([treeRev, record.serial]), table, blksize, (chunk) => findChunk(moment, chunk));
}

function loadChunkNode(moment: Moment, oid: Oid): ReturnType<typeof readTreeNode> | undefined {
  const record = moment.record(oid);
  return record === undefined ? undefined : readTreeNode(record, treeClass.chunks);
}

function findChunk(moment: Moment, oid: Oid): Piece {
  const found = findBytes(moment, oid, "ZData");
  if (found === undefined) throw malformed(`chunk ${oid.toString(16)} of another class`);
  return found.piece;
}

function latest(serials: readonly Tid[]): Tid {
  return serials.reduce((a, b) => (a > b ? a : b), 0n);
}
