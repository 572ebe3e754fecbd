/** Goes over a file, at a newer moment each time, until its standard input ends: `MOUNTPOINT OID BLOCKS`. Prints what it did, as JSON. */
import { connect, readHead } from "@belay/wcfs";
import type { Scanned } from "./commits-under-readers.ts";
import { BLK } from "./sparse-file.ts";

const [mountpoint = "", oid = "0", blocks = "0"] = process.argv.slice(2);
const over = new AbortController();
const isOver = () => over.signal.aborted;
process.stdin.resume().once("end", () => over.abort());
await using conn = await connect(mountpoint, await readHead(mountpoint));
await using file = await conn.open(BigInt(oid));
console.log("ready");
const start = performance.now();
let bytes = 0;
let passes = 0;
while (!isOver()) {
  for (let blk = 0; blk < Number(blocks) && !isOver(); blk += 16)
    bytes += (await file.read(blk * BLK, 16 * BLK)).length;
  await conn.resync(await readHead(mountpoint));
  passes++;
}
console.log(JSON.stringify({ bytes, passes, seconds: (performance.now() - start) / 1000 } satisfies Scanned));
