import { isFinished, offsetAt, R, RECORD_HEADER, STATUS, T, U64 } from "./format.ts";
import type { SavedIndex } from "./index-file.ts";
import { readAt } from "./read-at.ts";
import { transactionEndingAt } from "./walk-back.ts";
import { headerLength } from "./scan.ts";
import { FileWindow } from "./file-window.ts";

const TRANSACTIONS = 8;
const RECORDS = 64;
const SAMPLES = 64;

/**
 * Whether an index belongs to this state of the file.
 *
 * The last transactions it covers are walked back along the lengths between them, and their records have to be the ones it
 * names, unless it names newer ones; some entries drawn from all of it have to point at records of their objects.
 */
export function indexFits(fd: number, saved: SavedIndex): boolean {
  return lastTransactionsFit(fd, saved) && samplesFit(fd, saved);
}

function lastTransactionsFit(fd: number, { pos, index }: SavedIndex): boolean {
  const window = new FileWindow(fd, pos);
  let records = 0;
  let end = pos;
  for (let i = 0; i < TRANSACTIONS && records < RECORDS; i++) {
    const start = transactionEndingAt(fd, end);
    if (start === undefined) return end === 4 && i > 0;
    const at = window.at(start, 23);
    if (at < 0) return false;
    const status = window.view.getUint8(at + T.status);
    if (!isFinished(status)) return false;
    let offset = start + headerLength(window.view, at);
    while (status !== STATUS.undone && offset < end - U64 && records++ < RECORDS) {
      const next = recordFits(window, offset, start, index);
      if (next === undefined || next > end - U64) return false;
      offset = next;
    }
    end = start;
  }
  return true;
}

function recordFits(
  window: FileWindow,
  offset: number,
  transaction: number,
  index: SavedIndex["index"],
): number | undefined {
  const at = window.at(offset, RECORD_HEADER);
  if (at < 0 || offsetAt(window.view, at + R.transaction) !== transaction) return undefined;
  if (index.getParts(window.view.getUint32(at), window.view.getUint32(at + 4)) < offset) return undefined;
  return offset + RECORD_HEADER + (offsetAt(window.view, at + R.length) || U64);
}

function samplesFit(fd: number, { index }: SavedIndex): boolean {
  const bytes = Buffer.alloc(U64);
  for (const [oid, offset] of index.sample(SAMPLES)) {
    if (readAt(fd, bytes, U64, offset) < U64 || bytes.readBigUInt64BE() !== oid) return false;
  }
  return true;
}
