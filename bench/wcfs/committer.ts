/**
 * Commits blocks of a file of ZBlk0, one a transaction, each flushed to the disk (fsync) as ZODB does; a fraction of the processor time that
 * Python takes for it.
 *
 * `node committer.ts DATABASE OID COUNT PER_SECOND FIRST_NUMBER`; each block is filled with an 8-byte number that goes up. Prints JSON: how many,
 * and how many seconds that took.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { openStorage, parseOid } from "@belay/zodb";
import type { Oid, Tid } from "@belay/zodb";
import { lookupBlock } from "../../packages/wcfs/src/delta/index.ts";
import { Database } from "../../packages/wcfs/src/files/database.ts";
import { openFile } from "../../packages/wcfs/src/files/open-file.ts";

const [path = "", file = "", count = "0", perSecond = "0", first = "1"] = process.argv.slice(2);

interface Block {
  readonly oid: Oid;
  /** Its record, which is changed in place. */
  readonly record: Buffer;
  /** The part of the record that is the block's bytes. */
  readonly words: Buffer;
  serial: Tid;
}

const none = new Uint8Array(0);
await using storage = await openStorage(`file://${path}`, { readOnly: false });
const blocks = findBlocks();
const started = performance.now();
for (let i = 0; i < Number(count); i++) {
  const block = blocks[i % blocks.length];
  if (block === undefined) throw new Error("the file has no blocks");
  commit(block, Number(first) + i);
  const due = started + (1000 * (i + 1)) / Number(perSecond) - performance.now();
  if (Number(perSecond) > 0 && due > 1) await sleep(due);
}
console.log(JSON.stringify({ count: Number(count), seconds: (performance.now() - started) / 1000 }));

function commit(block: Block, number: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(number));
  block.words.fill(bytes);
  const transaction = storage.begin({ user: none, description: none, extension: none });
  transaction.store(block.oid, block.serial, block.record);
  transaction.vote();
  block.serial = transaction.finish();
}

function findBlocks(): Block[] {
  const moment = new Database(storage).at(storage.lastTid());
  const { blksize, blktab, size } = openFile(moment, parseOid(file));
  return Array.from({ length: size / blksize }, (_, blk) => {
    const oid = lookupBlock(moment, blktab, blk).value;
    const revision = oid === undefined ? undefined : moment.load(oid);
    if (oid === undefined || revision === undefined) throw new Error(`there is no block ${blk}`);
    const record = Buffer.from(revision.data);
    // The state is the last thing in the record, but for a few bytes that end the pickle.
    const length = Buffer.alloc(4);
    length.writeUInt32LE(blksize);
    const at = record.indexOf(length) + 4;
    return { oid, record, words: record.subarray(at, at + blksize), serial: revision.serial };
  });
}
