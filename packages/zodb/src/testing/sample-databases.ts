import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The databases of test/data/zblk, made by wendelin.core under each pickle protocol. */
export const SAMPLES = ["py2_pickle1", "py2_pickle2", "py2_pickle3", "py3_pickle3"] as const;

/** Records of a FileStorage by oid, the newest ones; read straight, to not depend on the reader of such files. */
export function sampleRecords(name: (typeof SAMPLES)[number]): Map<bigint, Buffer> {
  const file = readFileSync(fileURLToPath(new URL(`../../../../test/data/zblk/${name}/zblk.fs`, import.meta.url)));
  const records = new Map<bigint, Buffer>();
  for (let at = 4; at < file.length; at += Number(file.readBigUInt64BE(at + 8)) + 8) {
    const end = at + Number(file.readBigUInt64BE(at + 8));
    const texts = file.readUInt16BE(at + 17) + file.readUInt16BE(at + 19) + file.readUInt16BE(at + 21);
    for (let record = at + 23 + texts; record < end;) {
      const length = Number(file.readBigUInt64BE(record + 34));
      records.set(file.readBigUInt64BE(record), file.subarray(record + 42, record + 42 + length));
      record += 42 + length;
    }
  }
  return records;
}
