import { statSync } from "node:fs";
import { join } from "node:path";

import type { FileId, Origin } from "../ids/file-id.ts";
import type { ObjectMap } from "./object-map.ts";

/** A time in which batches were at work that were cut off, in nanoseconds since 1970. */
export interface Span {
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * When batches that were cut off may have made something. What is unknown and came into being then may be ours; whatever came into being before, after
 * or in between is not: somebody may well have worked with a copy while nobody wrote to it.
 */
export type Unsure = readonly Span[];

/** What file systems note as the time of birth may be so much behind the clock. */
const slack = 1_000_000_000n;
/** What was made last may be so much younger than what tells of it. */
const lastSlack = 10_000_000_000n;

/** The clock that we ask leaves out parts of a millisecond; what file systems note may not. */
const oneMs = 1_000_000n;

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** Notes, with a batch that is in order, that nothing is unsure up to now. */
export function noteSure(map: ObjectMap): void {
  map.putFact("sure", encode([now()]));
}

/**
 * What is unsure when a session did not end in order, or a batch was taken back: all since the last one that was in order, or since work began again after
 * it, besides what was unsure before.
 *
 * @param work.begun  see `Work.since`
 * @param work.until  when the session was last at work, as far as is known, see {@link lastWork}; default: it still is
 */
export function unsureSince(map: ObjectMap, { begun = 0n, until }: { begun?: bigint; until?: bigint } = {}): Unsure {
  const [sure = slack] = decode(map.fact("sure"));
  const from = begun > sure ? begun : sure;
  const last = until === undefined ? now() + oneMs : until + lastSlack;
  return [...(keptUnsure(map) ?? []), { from: from - slack, to: last }];
}

/** What was unsure when a session ended that was not told everything anew; undefined: nothing. */
export function keptUnsure(map: ObjectMap): Unsure | undefined {
  const times = decode(map.fact("unsure"));
  if (times.length === 0) return undefined;
  return times.flatMap((at, index) => (index % 2 === 0 ? [{ from: at, to: times[index + 1] ?? at }] : []));
}

/** Most spans that are remembered; of older ones nothing is ours any more. */
const mostSpans = 100;

/** Keeps what is unsure for a next session; undefined: nothing is. */
export function keepUnsure(map: ObjectMap, unsure: Unsure = []): void {
  map.putFact("unsure", encode(unsure.slice(-mostSpans).flatMap(({ from, to }) => [from, to])));
}

/** @param birth  0: the file system does not tell */
export function mayBeOurs(unsure: Unsure | undefined, birth: bigint): boolean {
  return unsure !== undefined && (birth === 0n || unsure.some(({ from, to }) => birth >= from && birth <= to));
}

/** Something at the destination that nothing is known of. */
export interface Unknown {
  readonly here: FileId;
  /** Undefined: it is gone by now. */
  readonly origin: Origin | undefined;
}

interface Suspecting {
  readonly map: ObjectMap;
  readonly unsure: Unsure | undefined;
}

/** Tells whether batches that were cut off may have made something, or have moved it from where the map had it. */
export function mayBeWorkOfOurs({ map, unsure }: Suspecting, { here, origin }: Unknown): boolean {
  return unsure !== undefined && (mayBeOurs(unsure, origin?.btime ?? 0n) || map.wasOurs(here, origin));
}

/** As {@link mayBeWorkOfOurs}, of what is in the way as a whole: where nothing tells when it came into being, it is taken for somebody else's. */
export function isWorkOfOurs({ map, unsure }: Suspecting, { here, origin }: Unknown): boolean {
  const birth = origin?.btime ?? 0n;
  return unsure !== undefined && ((birth !== 0n && mayBeOurs(unsure, birth)) || map.wasOurs(here, origin));
}

/** When a session was last at work, by its directories and files; to be asked before one is opened. */
export function lastWork(base: string): bigint {
  const times = ["held", "stage", "map.sqlite", "map.sqlite-wal"].map(
    (name) => statSync(join(base, name), { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? 0n,
  );
  return times.reduce((last, time) => (time > last ? time : last), 0n);
}

function encode(times: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(8 * times.length);
  for (const [index, time] of times.entries()) bytes.writeBigInt64LE(time, 8 * index);
  return bytes;
}

function decode(bytes: Buffer = Buffer.alloc(0)): bigint[] {
  return Array.from({ length: Math.floor(bytes.length / 8) }, (_, index) => bytes.readBigInt64LE(8 * index));
}
