/**
 * Encoders of reply payloads. Each writes at the start of `payload` and returns the bytes used; the caller sees to it
 * that there is room (no payload encoded here is larger than {@link largestFixedPayload}).
 */
import type { Attr, Entry, Opened, StatxAnswer, Statfs } from "./answers.ts";
import type { FileLock } from "./request-files.ts";
import { epoch, type Timestamp } from "./timestamp.ts";

/** Room that is enough for every payload of fixed size. */
export const largestFixedPayload = 512;

/** 32-bit words of a payload; it starts on a multiple of 8 bytes. */
export type Words = Uint32Array;

const attrSize = 88;
const entrySize = 128;
const openSize = 16;

export function encodeEntry(words: Words, entry: Entry): number {
  putUint64(words, 0, entry.nodeid);
  putUint64(words, 8, entry.generation ?? 0);
  putValidity(words, 16, 32, entry.entryValid ?? 0);
  putValidity(words, 24, 36, entry.attrValid ?? 0);
  if (entry.attr) putAttr(words, 40, entry.attr);
  else words.fill(0, 40 / 4, entrySize / 4);
  return entrySize;
}

export function encodeAttr(words: Words, attr: Attr, attrValid: number): number {
  putValidity(words, 0, 8, attrValid);
  words[12 / 4] = 0;
  putAttr(words, 16, attr);
  return 16 + attrSize;
}

export function encodeOpen(words: Words, opened: Opened, at = 0): number {
  putUint64(words, at, opened.fh ?? 0);
  words[(at + 8) / 4] = opened.flags ?? 0;
  words[(at + 12) / 4] = opened.backingId ?? 0;
  return at + openSize;
}

export function encodeCreate(words: Words, entry: Entry, opened: Opened): number {
  return encodeOpen(words, opened, encodeEntry(words, entry));
}

export function encodeStatfs(words: Words, statfs: Statfs): number {
  words.fill(0, 0, 80 / 4);
  putUint64(words, 0, statfs.blocks ?? 0);
  putUint64(words, 8, statfs.bfree ?? 0);
  putUint64(words, 16, statfs.bavail ?? 0);
  putUint64(words, 24, statfs.files ?? 0);
  putUint64(words, 32, statfs.ffree ?? 0);
  words[40 / 4] = statfs.bsize ?? 0;
  words[44 / 4] = statfs.namelen ?? 0;
  words[48 / 4] = statfs.frsize ?? 0;
  return 80;
}

export function encodeLock(words: Words, lock: FileLock): number {
  putBigUint64(words, 0, lock.start);
  putBigUint64(words, 8, lock.end);
  words[16 / 4] = lock.type;
  words[20 / 4] = lock.pid;
  return 24;
}

/** A single 64-bit number: the replies to BMAP, LSEEK, WRITE, GETXATTR of size 0, POLL, COPY_FILE_RANGE_64. */
export function encodeNumber(words: Words, value: number): number {
  putUint64(words, 0, value);
  return 8;
}

export function encodeIoctl(words: Words, result: number): number {
  words.fill(0, 0, 4);
  words[0] = result;
  return 16;
}

export function encodeStatx(words: Words, answer: StatxAnswer, attrValid: number): number {
  words.fill(0, 0, 288 / 4);
  putValidity(words, 0, 8, attrValid);
  words[32 / 4] = answer.mask ?? STATX_BASIC_STATS;
  words[36 / 4] = answer.blksize ?? 4096;
  putUint64(words, 40, answer.attributes ?? 0);
  words[48 / 4] = answer.nlink ?? 1;
  words[52 / 4] = answer.uid ?? 0;
  words[56 / 4] = answer.gid ?? 0;
  words[60 / 4] = answer.mode & 0xffff;
  putUint64(words, 64, answer.ino);
  putUint64(words, 72, answer.size);
  putUint64(words, 80, answer.blocks ?? 0);
  putUint64(words, 88, answer.attributesMask ?? 0);
  putStatxTime(words, 96, answer.atime ?? epoch);
  putStatxTime(words, 112, answer.btime ?? epoch);
  putStatxTime(words, 128, answer.ctime ?? epoch);
  putStatxTime(words, 144, answer.mtime ?? epoch);
  // 12 + 20 bits, as new_encode_dev of the kernel packs a device number
  const rdev = answer.rdev ?? 0;
  words[160 / 4] = (rdev >>> 8) & 0xfff;
  words[164 / 4] = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);
  return 288;
}

const STATX_BASIC_STATS = 0x7ff;

function putAttr(words: Words, at: number, attr: Attr): void {
  const { atime = epoch, mtime = epoch, ctime = epoch } = attr;
  putUint64(words, at, attr.ino);
  putUint64(words, at + 8, attr.size);
  putUint64(words, at + 16, attr.blocks ?? 0);
  putUint64(words, at + 24, atime.sec);
  putUint64(words, at + 32, mtime.sec);
  putUint64(words, at + 40, ctime.sec);
  let word = (at + 48) / 4;
  words[word++] = atime.nsec;
  words[word++] = mtime.nsec;
  words[word++] = ctime.nsec;
  words[word++] = attr.mode;
  words[word++] = attr.nlink ?? 1;
  words[word++] = attr.uid ?? 0;
  words[word++] = attr.gid ?? 0;
  words[word++] = attr.rdev ?? 0;
  words[word++] = attr.blksize ?? 4096;
  words[word] = attr.flags ?? 0;
}

function putValidity(words: Words, secondsAt: number, nanosecondsAt: number, seconds: number): void {
  const whole = Math.floor(seconds);
  putUint64(words, secondsAt, whole);
  words[nanosecondsAt / 4] = (seconds - whole) * 1e9;
}

function putStatxTime(words: Words, at: number, time: Timestamp): void {
  putUint64(words, at, time.sec);
  words[(at + 8) / 4] = time.nsec;
}

// Negative numbers (times before 1970) come out in two's complement.
function putUint64(words: Words, at: number, value: number): void {
  words[at / 4] = value % 0x1_0000_0000;
  words[at / 4 + 1] = Math.floor(value / 0x1_0000_0000);
}

function putBigUint64(words: Words, at: number, value: bigint): void {
  words[at / 4] = Number(value & 0xffff_ffffn);
  words[at / 4 + 1] = Number((value >> 32n) & 0xffff_ffffn);
}
