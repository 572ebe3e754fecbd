/** A moment as the protocol carries it. */
export interface Timestamp {
  /** Seconds since 1970. */
  readonly sec: number;
  /** 0 to 999 999 999. */
  readonly nsec: number;
}

/** 1970. */
export const epoch: Timestamp = { sec: 0, nsec: 0 };

/** @param nanoseconds  since 1970 */
export function timestampFromNanoseconds(nanoseconds: bigint): Timestamp {
  const nsec = Number(BigInt.asUintN(64, ((nanoseconds % billion) + billion) % billion));
  return { sec: Number((nanoseconds - BigInt(nsec)) / billion), nsec };
}

/** @param milliseconds  since 1970, as Date.now() has them; fractions count */
export function timestampFromMilliseconds(milliseconds: number): Timestamp {
  const sec = Math.floor(milliseconds / 1000);
  return { sec, nsec: Math.min(Math.round((milliseconds - sec * 1000) * 1e6), 999_999_999) };
}

const billion = 1_000_000_000n;
