import { userError } from "@belay/supervise";
import { isZodbError } from "../errors/zodb-error.ts";
import { formatOid, type Oid } from "../ids/oid.ts";
import { formatTid, type Tid } from "../ids/tid.ts";
import { decodeRecord, sniffClass } from "../pickle/record.ts";
import type { Storage } from "../storage.ts";
import { Output, processIo, type CommandIo } from "./io.ts";
import { parseMoment } from "./time.ts";
import { allOids } from "../view/all-oids.ts";
import { withStorage } from "./with-storage.ts";

/** Options of `belay zodb ls`, as they are written. */
export interface ZodbLsOptions {
  /** State as of this transaction or date; the newest when left out. */
  readonly at?: string;
  /** Only classes whose full name contains this text, or matches it where `*` stands for anything. */
  readonly class?: string;
  /** Only objects of at least so many bytes. */
  readonly minSize?: string | number;
  /** Only objects that this transaction or a later one changed last. */
  readonly since?: string;
  readonly json?: boolean;
}

interface Line {
  readonly oid: Oid;
  readonly tid: Tid;
  readonly size: number;
  readonly class: string;
}

/**
 * `belay zodb ls ZURL`: the objects of a database in the order of their oids: oid, last tid, bytes, class.
 *
 * @returns the exit code, 0
 * @throws BelayError `EUSAGE` for options that make no sense
 */
export async function zodbLs(zurl: string, options: ZodbLsOptions = {}, io: CommandIo = processIo()): Promise<number> {
  const wanted = filter(options);
  const moment = options.at === undefined ? undefined : parseMoment(options.at);
  return withStorage(zurl, io, async (storage) => {
    const out = new Output(io);
    const at = moment ?? storage.lastTid();
    for (const oid of allOids(storage)) {
      const line = describe(storage, oid, at);
      if (line === undefined || !wanted(line)) continue;
      const [name, tid] = [formatOid(oid), formatTid(line.tid)];
      if (options.json) await out.line({ oid: name, tid, size: line.size, class: line.class });
      else await out.write(`${name} ${tid} ${String(line.size).padStart(9)} ${line.class}\n`);
    }
    await out.flush();
    return 0;
  });
}

function filter(options: ZodbLsOptions): (line: Line) => boolean {
  const minSize = byteCount(options.minSize ?? 0);
  const since = options.since === undefined ? 0n : parseMoment(options.since);
  const pattern = options.class === undefined ? undefined : classPattern(options.class);
  return (line) => line.size >= minSize && line.tid >= since && (pattern?.test(line.class) ?? true);
}

function byteCount(text: string | number): number {
  if (/^\d+$/.test(String(text))) return Number(text);
  throw userError("EUSAGE", `"${text}" is no number of bytes`, { hint: "--min-size takes a whole number" });
}

function classPattern(text: string): RegExp {
  const escaped = text.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return escaped.length === 1 ? new RegExp(escaped[0] ?? "") : new RegExp(`^${escaped.join(".*")}$`);
}

// Objects that do not exist at that moment are not listed.
function describe(storage: Storage, oid: Oid, at: Tid): Line | undefined {
  try {
    const revision = storage.loadBefore(oid, at + 1n);
    return revision && { oid, tid: revision.serial, size: revision.data.length, class: className(revision.data) };
  } catch (error) {
    if (isZodbError(error, "EPOSKEY")) return undefined;
    if (!isZodbError(error, "EDAMAGED")) throw error;
    return { oid, tid: 0n, size: 0, class: "(damaged)" };
  }
}

/** Full name of a record's class, whatever the record is made of. */
export function className(data: Uint8Array): string {
  try {
    const { module, name }: { module: string; name: string } = sniffClass(data) ?? decodeRecord(data).class;
    return `${module}.${name}`;
  } catch {
    return "(no class)";
  }
}
