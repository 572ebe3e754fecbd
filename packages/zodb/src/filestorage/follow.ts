import { fstatSync } from "node:fs";
import { isZodbError } from "../errors/zodb-error.ts";
import type { Oid } from "../ids/oid.ts";
import type { Invalidation } from "../storage.ts";
import { damaged } from "./damage.ts";
import { isFinished, MAGIC_SIZE, T, TRANSACTION_HEADER } from "./format.ts";
import { checkStillThere, readMagic, type Generation } from "./generation.ts";
import { readAt } from "./read-at.ts";
import { Scanner, type ScanStop } from "./scan.ts";

/** How long bytes that make no sense may be a write in progress, in ms. */
const SETTLE_MS = 100;

/**
 * Takes in what was appended to a file since the last look.
 *
 * A transaction counts when its status says finished and all of it is there; nothing that was read past the last such
 * transaction is remembered, because an aborted vote is cut off and other bytes follow in its place.
 *
 * @param until  moment (performance.now()) at which to leave the rest to the next call
 * @returns whether the end was reached
 * @throws ZodbError `EDAMAGED` when the file lost transactions, or holds what is none after them
 */
export function follow(generation: Generation, out: Invalidation[], until = Infinity): boolean {
  const size = fstatSync(generation.fd).size;
  if (size < generation.pos && generation.pos > MAGIC_SIZE)
    throw damaged(generation.path, size, "cut off below its newest transaction");
  if (size <= generation.pos) return true;
  checkStillThere(generation);
  readMagic(generation.path, generation.fd, size);
  try {
    return takeIn(generation, size, out, until);
  } catch (error) {
    if (!isZodbError(error, "EDAMAGED")) throw error;
    // A writer may be in the middle of it.
    if (sameAfterAMoment(generation)) throw error;
    return takeIn(generation, fstatSync(generation.fd).size, out, until);
  }
}

function takeIn(generation: Generation, size: number, out: Invalidation[], until: number): boolean {
  const records: number[] = [];
  const sink = { record: (high: number, low: number, offset: number) => void records.push(high, low, offset) };
  const scanner = new Scanner(generation.path, generation.fd, size, generation, sink);
  for (;;) {
    const stop = scanner.step();
    if (stop !== undefined) return settle(generation, stop, size);
    out.push({ tid: scanner.lastTid, oids: addToIndex(generation, records) });
    records.length = 0;
    generation.pos = scanner.pos;
    generation.lastTid = scanner.lastTid;
    if (performance.now() > until) return false;
  }
}

function addToIndex(generation: Generation, records: readonly number[]): Oid[] {
  const oids = new Set<Oid>();
  for (let i = 0; i + 2 < records.length; i += 3) {
    const [high, low, offset] = [records[i] ?? 0, records[i + 1] ?? 0, records[i + 2] ?? 0];
    generation.index.setParts(high, low, offset);
    oids.add((BigInt(high) << 32n) | BigInt(low));
  }
  return [...oids];
}

// What a crash may leave was accepted when the file was opened, and stays accepted; what comes later has to look like a transaction.
function settle(generation: Generation, stop: ScanStop, size: number): boolean {
  const grew = stop !== generation.stop;
  if (grew && (stop === "incomplete" || stop === "garbage") && size >= generation.pos + TRANSACTION_HEADER) {
    const header = headerAt(generation);
    const status = header[T.status] ?? 0;
    if (header.some((byte) => byte !== 0) && !isFinished(status) && status !== 0x63) {
      throw damaged(generation.path, generation.pos, "something that is no transaction");
    }
  }
  generation.stop = stop;
  return true;
}

function headerAt(generation: Generation): Buffer {
  const header = Buffer.alloc(TRANSACTION_HEADER);
  readAt(generation.fd, header, header.length, generation.pos);
  return header;
}

function sameAfterAMoment(generation: Generation): boolean {
  const size = fstatSync(generation.fd).size;
  const before = headerAt(generation);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS);
  return fstatSync(generation.fd).size === size && headerAt(generation).equals(before);
}
