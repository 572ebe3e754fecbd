import { openStorage, parseOid } from "@belay/zodb";
import { isInFile } from "../../packages/wcfs/src/blocks/piece.ts";
import { findSource } from "../../packages/wcfs/src/blocks/find-source.ts";
import { lookupBlock } from "../../packages/wcfs/src/delta/index.ts";
import { Database } from "../../packages/wcfs/src/files/database.ts";
import { openFile } from "../../packages/wcfs/src/files/open-file.ts";

/** Where the blocks of a file of ZBlk0 lie in the database's file, in order: what a server without any of our code can serve, too. */
export async function blockPlaces(database: string, oid: string): Promise<{ blksize: number; offsets: number[] }> {
  await using storage = await openStorage(`file://${database}`, { readOnly: true });
  const moment = new Database(storage).at(storage.lastTid());
  const { blksize, blktab, size } = openFile(moment, parseOid(oid));
  const offsets = Array.from({ length: size / blksize }, (_, blk) => {
    const [only] = findSource(moment, lookupBlock(moment, blktab, blk), blksize).pieces();
    if (only === undefined || !isInFile(only.piece)) throw new Error(`block ${blk} does not lie in the file`);
    return only.piece.offset;
  });
  return { blksize, offsets };
}
