import { formatTid, tidToUnixNs, type Tid } from "@belay/zodb";

/** Prints to standard output. */
export function print(text: string): void {
  process.stdout.write(text);
}

/** Prints one JSON line. */
export function printJson(value: object): void {
  print(`${JSON.stringify(value)}\n`);
}

/** Text that came from a database, with everything escaped that could begin a line or steer a terminal. */
export function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => (char === "\n" ? "\\n" : escapeChar(char)));
}

function escapeChar(char: string): string {
  return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
}

/** When a transaction was, in UTC, to the microsecond. */
export function tidTime(tid: Tid): string {
  const micros = tidToUnixNs(tid) / 1000n;
  const seconds = new Date(Number(micros / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1_000_000n).padStart(6, "0")}Z`;
}

/** A transaction with its time, for JSON. */
export function tidJson(tid: Tid): { readonly tid: string; readonly time: string } {
  return { tid: formatTid(tid), time: tidTime(tid) };
}

/** Ascending numbers with runs drawn together: `0-3,7`. */
export function formatRanges(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const n of numbers) {
    const run = runs.at(-1);
    if (run?.[1] === n - 1) run[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}
