import type { WorkerStatus } from "../../worker/status.ts";

/** How fast the work goes. */
export interface Rates {
  readonly entriesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Time that rates are taken over, in milliseconds. */
const spanMs = 2000;

/** Tells rates from one look at a worker to the next; those of the last whole span. */
export function ratesOf(now = () => performance.now()): (status: WorkerStatus) => Rates {
  let start = { at: now(), entries: 0, bytes: 0 };
  let rates: Rates = { entriesPerSecond: 0, bytesPerSecond: 0 };
  return ({ entries, bytes }) => {
    const at = now();
    const seconds = (at - start.at) / 1000;
    if (seconds * 1000 < spanMs) return rates;
    rates = {
      entriesPerSecond: Math.round((entries - start.entries) / seconds),
      bytesPerSecond: Math.round((bytes - start.bytes) / seconds),
    };
    start = { at, entries, bytes };
    return rates;
  };
}
