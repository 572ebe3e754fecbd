import { damaged } from "./damage.ts";
import { MAGIC_SIZE, offsetAt, R, U64 } from "./format.ts";
import { readAt } from "./read-at.ts";

/** Where the transaction starts that a record belongs to. @throws ZodbError `EDAMAGED` */
export function readTransactionOffset(path: string, fd: number, record: number): number {
  const bytes = Buffer.alloc(U64);
  const got = readAt(fd, bytes, U64, record + R.transaction);
  const offset = offsetAt(new DataView(bytes.buffer, bytes.byteOffset, U64), 0);
  if (got < U64 || offset < MAGIC_SIZE || offset >= record) throw damaged(path, record, "record of no transaction");
  return offset;
}
