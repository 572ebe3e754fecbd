import type { ProgressEvent, ProgressPrinter } from "./progress.ts";

/** Where a printer writes and how it knows the time, for tests. */
export interface PrinterOptions {
  readonly write: (text: string) => void;
  /** Whether the line may be written over. */
  readonly isTTY: boolean;
  /** Milliseconds; default `performance.now`. */
  readonly now?: () => number;
  /** Least time between two lines, in milliseconds. Default 100 on a terminal, 5000 elsewhere. */
  readonly intervalMs?: number;
}

/** Lines for people: what is done, the rate, the time left. On a terminal one line is written over, elsewhere one every few seconds. */
export function textProgress(options: PrinterOptions): ProgressPrinter {
  const { write, isTTY, now = () => performance.now(), intervalMs = isTTY ? 100 : 5000 } = options;
  const phases = new Map<string, { readonly start: number; lastPrint: number }>();
  return (event) => {
    const time = now();
    const phase = phases.get(event.phase) ?? { start: time, lastPrint: time };
    phases.set(event.phase, phase);
    if (!event.final && time - phase.lastPrint < intervalMs) return;
    phase.lastPrint = time;
    const line = progressLine(event, time - phase.start);
    write(isTTY ? `\r\x1b[K${line}${event.final ? "\n" : ""}` : `${line}\n`);
    if (event.final) phases.delete(event.phase);
  };
}

/** One JSON object a line: the event with the rate and the time left. */
export function jsonProgress(options: Omit<PrinterOptions, "isTTY">): ProgressPrinter {
  const { write, now = () => performance.now(), intervalMs = 1000 } = options;
  const phases = new Map<string, { readonly start: number; lastPrint: number }>();
  return (event) => {
    const time = now();
    const known = phases.get(event.phase);
    if (known && !event.final && time - known.lastPrint < intervalMs) return;
    phases.set(event.phase, { start: known?.start ?? time, lastPrint: time });
    const { perSecond, secondsLeft } = pace(event, time - (known?.start ?? time));
    write(`${JSON.stringify({ progress: { ...event, perSecond, secondsLeft } })}\n`);
    if (event.final) phases.delete(event.phase);
  };
}

/** Rate since the start of the phase and the time left at that rate; undefined where it cannot be known. */
export function pace({ done, total }: ProgressEvent, elapsedMs: number): { perSecond?: number; secondsLeft?: number } {
  if (elapsedMs <= 0 || done <= 0) return {};
  const perSecond = (done * 1000) / elapsedMs;
  return total === undefined ? { perSecond } : { perSecond, secondsLeft: Math.max(0, total - done) / perSecond };
}

function progressLine(event: ProgressEvent, elapsedMs: number): string {
  const { phase, done, total, unit, detail, final } = event;
  const show = unit === "bytes" ? formatBytes : String;
  const { perSecond, secondsLeft } = pace(event, elapsedMs);
  const percent = total === undefined || total === 0 ? "" : ` ${Math.floor((100 * done) / total)}%`;
  const parts = [
    `${phase}: ${show(done)}${total === undefined ? "" : ` of ${show(total)}`}${percent}`,
    perSecond === undefined ? "" : `${show(Math.round(perSecond))}/s`,
    final
      ? `in ${formatSeconds(elapsedMs / 1000)}`
      : secondsLeft === undefined
        ? ""
        : `${formatSeconds(secondsLeft)} left`,
    final ? "" : (detail ?? ""),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** Bytes with binary prefixes: `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power] ?? ""}`;
}

/** `1:02:03`, `2:03`, `3 s`. */
export function formatSeconds(seconds: number): string {
  const all = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  if (h > 0) return `${h}:${two(m)}:${two(s)}`;
  return m > 0 ? `${m}:${two(s)}` : `${s} s`;
}
