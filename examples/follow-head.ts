/**
 * Prints what changes in a big file, commit by commit as they are seen: `node examples/follow-head.ts ZURL OID`.
 *
 * The view moves on only when told to, so between two steps everything that is computed from it fits together.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "@belay/wcfs";
import { formatTid, parseOid } from "@belay/zodb";

const [zurl = "", oid = ""] = process.argv.slice(2);
if (zurl === "" || oid === "") throw new Error("usage: follow-head.ts ZURL OID");

await using wcfs = await join(zurl);
await using conn = await wcfs.connect(await wcfs.head());
await using file = await conn.open(parseOid(oid));

let known = await checksums();
console.log(`@${formatTid(conn.at)}: ${known.length} blocks`);
for (;;) {
  const head = await wcfs.head();
  if (head <= conn.at) {
    await sleep(20);
    continue;
  }
  await conn.resync(head);
  const now = await checksums();
  const changed = [...now.keys()].filter((blk) => now[blk] !== known[blk]);
  console.log(`@${formatTid(conn.at)}: ${now.length} blocks, changed: ${changed.map((blk) => `#${blk}`).join(" ")}`);
  known = now;
}

/** A number for each block that is different when its bytes are. */
async function checksums(): Promise<number[]> {
  const sums: number[] = [];
  for (let blk = 0; blk < file.headSize / file.blksize; blk++) {
    const bytes = await file.read(blk * file.blksize, file.blksize);
    sums.push(bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 0));
  }
  return sums;
}
