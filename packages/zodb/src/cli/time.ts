import { userError } from "@belay/supervise";
import { MAX_TID, parseTid, tidFromUnixNs, tidToUnixNs, type Tid } from "../ids/tid.ts";

/** When a transaction was, in UTC, to the microsecond. */
export function tidTime(tid: Tid): string {
  const micros = tidToUnixNs(tid) / 1000n;
  const seconds = new Date(Number(micros / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1_000_000n).padStart(6, "0")}Z`;
}

/** Reads a moment: a tid, or a date as ISO 8601 writes it. @throws BelayError `EUSAGE` */
export function parseMoment(text: string): Tid {
  if (/^[0-9a-fA-F]{16}$/.test(text)) return parseTid(text);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) {
    throw userError("EUSAGE", `${JSON.stringify(text)} is no moment`, {
      hint: "write a tid of 16 hexadecimal digits, or a date such as 2026-11-21T07:53:07Z",
    });
  }
  return tidFromUnixNs(BigInt(time) * 1_000_000n);
}

/** Reads `from..to`, both included; either may be left out. @throws BelayError `EUSAGE` */
export function parseTidRange(text: string): { from: Tid; to: Tid } {
  const [from, to, more] = text.split("..");
  if (from === undefined || to === undefined || more !== undefined) {
    throw userError("EUSAGE", `${JSON.stringify(text)} is no range of transactions`, {
      hint: "write it as FROM..TO, FROM.. or ..TO, each a tid or a date",
    });
  }
  return { from: from === "" ? 0n : parseMoment(from), to: to === "" ? MAX_TID : parseMoment(to) };
}
