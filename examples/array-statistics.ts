/**
 * Mean, standard deviation and histogram of an array of float64 that does not fit into memory.
 *
 * `node examples/array-statistics.ts ZURL OID [WINDOW-MB]`: the array is a big file of a ZODB database. It is mapped a window at a time: its pages
 * are in the kernel's cache, shared with every other program that uses them, and none of it is copied.
 *
 * With a small limit of the heap it goes on working: `node --max-old-space-size=64 examples/array-statistics.ts …`
 */
import { join } from "@belay/wcfs";
import { parseOid } from "@belay/zodb";

/** Numbers of one pass over the data. */
class Moments {
  count = 0;
  sum = 0;
  squares = 0;
  least = Infinity;
  greatest = -Infinity;

  add(values: Float64Array): void {
    for (const value of values) {
      this.sum += value;
      this.squares += value * value;
      if (value < this.least) this.least = value;
      if (value > this.greatest) this.greatest = value;
    }
    this.count += values.length;
  }
}

const [zurl = "", oid = "", megabytes = "256"] = process.argv.slice(2);
if (zurl === "" || oid === "") throw new Error("usage: array-statistics.ts ZURL OID [WINDOW-MB]");

await using wcfs = await join(zurl);
// The view stays as of this moment, whatever is committed while we compute.
await using conn = await wcfs.connect(await wcfs.head());
await using file = await conn.open(parseOid(oid));
const blocks = file.headSize / file.blksize;
const step = Math.max(1, Math.floor((Number(megabytes) * 2 ** 20) / file.blksize));

const moments = new Moments();
await eachWindow((values) => moments.add(values));
const { count, sum, squares, least, greatest } = moments;
const mean = sum / count;
const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
console.log(JSON.stringify({ count, mean, deviation, least, greatest }));

const bins = new Float64Array(20);
const width = (greatest - least) / bins.length || 1;
await eachWindow((values) => {
  for (const value of values) {
    const bin = Math.min(bins.length - 1, Math.floor((value - least) / width));
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
});
const most = Math.max(...bins);
for (const [index, number] of bins.entries()) {
  console.log(`${(least + index * width).toFixed(3).padStart(12)} ${"#".repeat(Math.round((number / most) * 60))}`);
}

/** Shows the array to a function, a window at a time. */
async function eachWindow(use: (values: Float64Array) => void): Promise<void> {
  for (let start = 0; start < blocks; start += step) {
    await using mapping = await file.mmap(start, Math.min(step, blocks - start));
    const { mem } = mapping;
    use(new Float64Array(mem.buffer, mem.byteOffset, mem.byteLength / Float64Array.BYTES_PER_ELEMENT));
  }
}
