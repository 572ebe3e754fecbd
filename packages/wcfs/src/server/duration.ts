/** Durations as Go writes them (`1m30s`, `52.1ms`): the form the command line takes and the protocol's texts show. */

const nanosecondsPer: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const part = /(\d*\.?\d*)(ns|us|µs|μs|ms|s|m|h)/y;

/**
 * Parses a signed sequence of decimal numbers with units (`ns us µs ms s m h`); a bare `0` needs none.
 *
 * @returns milliseconds, or undefined if the text is no duration
 */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith("-") ? -1 : 1;
  const body = text.replace(/^[+-]/, "");
  if (body === "0") return 0;
  let total = 0;
  let at = 0;
  while (at < body.length) {
    part.lastIndex = at;
    const match = part.exec(body);
    const number = match?.[1];
    if (match === null || number === undefined || !/\d/.test(number)) return undefined;
    total += Number(number) * (nanosecondsPer[match[2] ?? ""] ?? NaN);
    at = part.lastIndex;
  }
  return body === "" ? undefined : (sign * Math.round(total)) / 1e6;
}

/** Formats milliseconds: the largest unit below a second that fits, otherwise hours, minutes and seconds (`1h0m0.5s`). */
export function formatDuration(milliseconds: number): string {
  const nanoseconds = Math.round(Math.abs(milliseconds) * 1e6);
  const sign = milliseconds < 0 && nanoseconds > 0 ? "-" : "";
  return sign + (nanoseconds < 1e9 ? belowOneSecond(nanoseconds) : clock(nanoseconds));
}

function belowOneSecond(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${decimal(nanoseconds, 3)}µs`;
  return `${decimal(nanoseconds, 6)}ms`;
}

function clock(nanoseconds: number): string {
  const wholeMinutes = Math.floor(nanoseconds / 60e9);
  const seconds = `${decimal(nanoseconds - wholeMinutes * 60e9, 9)}s`;
  if (wholeMinutes === 0) return seconds;
  const hours = Math.floor(wholeMinutes / 60);
  const minutes = `${wholeMinutes % 60}m`;
  return hours === 0 ? minutes + seconds : `${hours}h${minutes}${seconds}`;
}

/** `value / 10^digits` without trailing zeros. Digits are moved rather than divided, so nothing is rounded. */
function decimal(value: number, digits: number): string {
  const text = value.toString().padStart(digits + 1, "0");
  const fraction = text.slice(-digits).replace(/0+$/, "");
  const whole = text.slice(0, -digits);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}
