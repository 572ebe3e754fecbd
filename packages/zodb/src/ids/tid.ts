import { parseHex16 } from "./hex.ts";

/**
 * Identifies a transaction, and is its time.
 *
 * The high 32 bits count minutes since 1900 in a calendar where every month has 31 days; the low 32 bits are the second
 * within the minute in units of 60/2^32 s (13.97 ns). Tids of one database strictly increase.
 */
export type Tid = bigint;

/** Older than every transaction; the serial of an object that is not stored yet; the head of an empty database. */
export const Z64: Tid = 0n;

/** Newer than every transaction: SQL databases hold tids in signed columns. */
export const MAX_TID: Tid = 0x7fff_ffff_ffff_ffffn;

/** Sixteen hexadecimal digits, as ZODB and wcfs print a tid. */
export function formatTid(tid: Tid): string {
  return tid.toString(16).padStart(16, "0");
}

/** @throws ZodbError `EFORMAT` unless the text is exactly 16 hexadecimal digits */
export function parseTid(text: string): Tid {
  return parseHex16(text, "tid");
}

/** Eight bytes, big-endian. */
export function tidToBytes(tid: Tid): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(tid);
  return bytes;
}

/** @param offset  where in `bytes` the eight bytes of the tid start */
export function tidFromBytes(bytes: Uint8Array, offset = 0): Tid {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(offset);
}

const NS_PER_MINUTE = 60_000_000_000n;
const MS_PER_MINUTE = 60_000;

/**
 * The newest tid not after a moment.
 *
 * @param ns  nanoseconds since 1970-01-01 UTC, from the year 1900 on
 */
export function tidFromUnixNs(ns: bigint): Tid {
  const inMinute = BigInt.asUintN(64, ((ns % NS_PER_MINUTE) + NS_PER_MINUTE) % NS_PER_MINUTE);
  const minutes = (ns - inMinute) / NS_PER_MINUTE;
  const date = new Date(Number(minutes) * MS_PER_MINUTE);
  const months = (date.getUTCFullYear() - 1900) * 12 + date.getUTCMonth();
  const days = months * 31 + date.getUTCDate() - 1;
  const high = (days * 24 + date.getUTCHours()) * 60 + date.getUTCMinutes();
  return (BigInt(high) << 32n) | ((inMinute << 32n) / NS_PER_MINUTE);
}

/**
 * Nanoseconds since 1970-01-01 UTC, rounded up, so that `tidFromUnixNs` gives the same tid again.
 *
 * A day that its month does not have (a tid not made from a clock) counts on into the next month.
 */
export function tidToUnixNs(tid: Tid): bigint {
  const high = Number(tid >> 32n);
  const low = tid & 0xffff_ffffn;
  const hours = Math.floor(high / 60);
  const days = Math.floor(hours / 24);
  const months = Math.floor(days / 31);
  const minute = new Date(0);
  minute.setUTCFullYear(1900 + Math.floor(months / 12), months % 12, (days % 31) + 1);
  minute.setUTCHours(hours % 24, high % 60);
  return BigInt(minute.getTime()) * 1_000_000n + ((low * NS_PER_MINUTE + 0xffff_ffffn) >> 32n);
}

/**
 * The tid of a new transaction: the time, unless the database is ahead of the clock.
 *
 * @param last  the database's newest tid
 * @param nowNs  nanoseconds since 1970; the system clock when left out
 */
export function newTid(last: Tid, nowNs: bigint = BigInt(Date.now()) * 1_000_000n): Tid {
  const now = tidFromUnixNs(nowNs);
  return now > last ? now : last + 1n;
}
