import { createHash } from "node:crypto";
import { formatOid, type Oid } from "../ids/oid.ts";
import { formatTid } from "../ids/tid.ts";
import type { DataRecord, TransactionRecord } from "../storage.ts";
import { Output, processIo, type CommandIo } from "./io.ts";
import { quote } from "./quote.ts";
import { parseTidRange, tidTime } from "./time.ts";
import { withStorage } from "./with-storage.ts";

/** Options of `belay zodb dump`. */
export interface ZodbDumpOptions {
  /** `FROM..TO`, both included, each a tid or a date; all transactions when left out. */
  readonly range?: string;
  /** Digests in place of the data. */
  readonly hashonly?: boolean;
  /** One JSON object a line instead of the text form. */
  readonly json?: boolean;
}

/**
 * `belay zodb dump ZURL`: all transactions, in the text form of zodbtools; equal databases give equal dumps.
 *
 * ```
 * txn 040d29191fd43633 " "
 * user "/ u1"
 * description "first"
 * extension ""
 * obj 0000000000000001 from 040d29191fd32acc
 * obj 0000000000000002 delete
 * obj 0000000000000003 56 sha1:2ed4… (the data and a newline follow; with `hashonly` it is " -")
 * ```
 *
 * @returns the exit code, 0
 */
export async function zodbDump(
  zurl: string,
  options: ZodbDumpOptions = {},
  io: CommandIo = processIo(),
): Promise<number> {
  const { from, to } = parseTidRange(options.range ?? "..");
  return withStorage(zurl, io, async (storage) => {
    const out = new Output(io);
    const phase = io.progress?.phase("dump", "items");
    for (const transaction of storage.iterate(from, to)) {
      await (options.json ? dumpJson(out, transaction, options) : dumpText(out, transaction, options));
      phase?.advance(1);
    }
    await out.flush();
    phase?.end();
    return 0;
  });
}

async function dumpText(out: Output, transaction: TransactionRecord, { hashonly }: ZodbDumpOptions): Promise<void> {
  const { tid, status, user, description, extension } = transaction;
  await out.write(`txn ${formatTid(tid)} ${quote(Buffer.from(status, "latin1"))}\n`);
  await out.write(`user ${quote(user)}\ndescription ${quote(description)}\nextension ${quote(extension)}\n`);
  for (const record of sortedRecords(transaction)) {
    const { data, dataTid } = record;
    await out.write(`obj ${formatOid(record.oid)} `);
    if (data === undefined) await out.write("delete\n");
    else if (dataTid !== undefined) await out.write(`from ${formatTid(dataTid)}\n`);
    else {
      await out.write(`${data.length} sha1:${sha1(data)}${hashonly ? " -" : ""}\n`);
      if (hashonly) continue;
      await out.write(data);
      await out.write("\n");
    }
  }
  await out.write("\n");
}

async function dumpJson(out: Output, transaction: TransactionRecord, { hashonly }: ZodbDumpOptions): Promise<void> {
  const { tid, status, user, description, extension } = transaction;
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");
  await out.line({
    txn: formatTid(tid),
    time: tidTime(tid),
    status,
    user: text(user),
    description: text(description),
    extension: Buffer.from(extension).toString("base64"),
  });
  for (const { oid, data, dataTid } of sortedRecords(transaction)) {
    const what = { txn: formatTid(tid), oid: formatOid(oid) };
    if (data === undefined) await out.line({ ...what, deleted: true });
    else {
      const origin = dataTid === undefined ? {} : { from: formatTid(dataTid) };
      const content = hashonly || dataTid !== undefined ? {} : { data: Buffer.from(data).toString("base64") };
      await out.line({ ...what, size: data.length, sha1: sha1(data), ...origin, ...content });
    }
  }
}

// The order within a transaction says nothing; of an object stored twice the last counts.
function sortedRecords(transaction: TransactionRecord): DataRecord[] {
  const last = new Map<Oid, DataRecord>();
  for (const record of transaction.records) last.set(record.oid, record);
  return [...last.values()].sort((a, b) => (a.oid < b.oid ? -1 : 1));
}

function sha1(data: Uint8Array): string {
  return createHash("sha1").update(data).digest("hex");
}
