import type { ObjectMap } from "./object-map.ts";

/**
 * When a batch that was cut off may have made something, in nanoseconds since 1970. What is unknown and came into being then may be ours; whatever
 * is older or younger is not.
 */
export interface Unsure {
  readonly from: bigint;
  readonly to: bigint;
}

/** What file systems note as the time of birth may be so much behind the clock. */
const slack = 1_000_000_000n;

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** Notes, with a batch that is in order, that nothing is unsure up to now. */
export function noteSure(map: ObjectMap): void {
  map.putFact("sure", encode(now()));
}

/** What is unsure when a session did not end in order, or a batch was taken back: all since the last one that was in order. */
export function unsureSince(map: ObjectMap): Unsure {
  const from = decode(map.fact("unsure")) ?? decode(map.fact("sure")) ?? slack;
  return { from: from - slack, to: now() };
}

/** Keeps what is unsure for a next session, until one ends in order; undefined: nothing is. */
export function keepUnsure(map: ObjectMap, unsure: Unsure | undefined): void {
  map.putFact("unsure", unsure === undefined ? Buffer.alloc(0) : encode(unsure.from + slack));
}

/** @param birth  0: the file system does not tell */
export function mayBeOurs(unsure: Unsure | undefined, birth: bigint): boolean {
  return unsure !== undefined && (birth === 0n || (birth >= unsure.from && birth <= unsure.to));
}

/** As {@link mayBeOurs}, of what is in the way as a whole: where nothing tells when it came into being, it is taken for somebody else's. */
export function wasMadeByUs(unsure: Unsure | undefined, birth: bigint): boolean {
  return birth !== 0n && mayBeOurs(unsure, birth);
}

function encode(time: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(time);
  return bytes;
}

function decode(bytes: Buffer | undefined): bigint | undefined {
  return bytes?.length === 8 ? bytes.readBigInt64LE() : undefined;
}
