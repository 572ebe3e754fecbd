import { readFileSync } from "node:fs";
import { transactionMeta } from "../../storage.ts";
import { openFileStorage } from "../open.ts";

/** Three transactions; `last` is where the last one starts. */
export async function smallDatabase(path: string): Promise<{ file: Buffer; last: number }> {
  let last = 0;
  {
    await using storage = await openFileStorage(path, { readOnly: false, create: true });
    for (const serial of [0n, 1n, 2n]) {
      last = storage.generation.pos;
      const txn = storage.begin(transactionMeta({ user: "somebody", description: `number ${serial}` }));
      txn.store(0n, serial === 0n ? 0n : storage.lastTid(), Buffer.from("root object"));
      txn.store(serial + 1n, 0n, Buffer.alloc(60, 7));
      txn.finish();
    }
  }
  return { file: readFileSync(path), last };
}

/** What may be found of the last transaction of a file after a crash, or after damage, by what was done. */
export function* crashVariants(file: Buffer, last: number): Generator<[string, Buffer]> {
  const before = file.subarray(0, last);
  const changed = (at: number, ...bytes: number[]) => {
    const copy = Buffer.from(file);
    copy.set(bytes, at);
    return copy;
  };
  for (let size = last; size <= file.length; size++) yield [`cut-${size}`, file.subarray(0, size)];
  yield ["voted", changed(last + 16, 0x63)];
  for (let size = last + 23; size < file.length; size += 11) {
    yield [`voted-${size}`, changed(last + 16, 0x63).subarray(0, size)];
  }
  for (const size of [1, 22, 23, 24, 31, 100, 5000])
    yield [`zeros-${size}`, Buffer.concat([before, Buffer.alloc(size)])];
  for (const size of [22, 23, 64, 5000]) yield [`junk-${size}`, Buffer.concat([before, Buffer.alloc(size, "A")])];
  // Zeros in the middle of the file: a sound transaction follows.
  yield ["zeroed-header", changed(last, ...Buffer.alloc(23))];
  // What a power failure may leave of a transaction that was not synced: the end, and not the beginning.
  yield ["trailer-only", changed(last, ...Buffer.alloc(file.length - 8 - last))];
  yield ["trailer-and-more-zeros", Buffer.concat([before, Buffer.alloc(500), file.subarray(-8)])];
  yield ["header-and-trailer", changed(last + 23, ...Buffer.alloc(file.length - 8 - last - 23))];
  yield ["header-only", changed(last + 23, ...Buffer.alloc(file.length - last - 23))];
  // A header that is longer than its transaction.
  yield ["long-user", changed(last + 17, 0x7f)];
  yield ["long-user-without-trailer", changed(last + 17, 0x7f).fill(0, file.length - 8)];
  yield ["zeroed-length", changed(last + 8, ...Buffer.alloc(8))];
  yield ["wrong-trailer", changed(file.length - 1, 1)];
  yield ["wrong-record-length", changed(last + 23 + 16 + 34 + 7, 99)];
  yield ["wrong-transaction-of-record", changed(last + 23 + 16 + 31, 5)];
  yield ["longer-than-the-file", changed(last + 14, 1)];
}
