import { formatByteSize } from "../tools/byte-size.ts";

/** How progress is shown. */
export interface ProgressOptions {
  /** JSON lines instead of a line of text that is written over. */
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Tells on standard error how far a transfer is. */
export interface TransferProgress extends Disposable {
  /** @param done bytes that are through */
  moved(done: number): void;
  /** An event of its own; shown in the JSON form only. */
  event(event: object): void;
  /** Shows the last state. */
  end(): void;
}

/** Milliseconds between two lines. */
const period = 200;

/** @param total bytes in all, if known */
export function transferProgress(what: string, total: number | undefined, options: ProgressOptions): TransferProgress {
  const start = performance.now();
  const printer = choosePrinter(what, options);
  let done = 0;
  let printedAt = start;
  const show = (last: boolean): void => {
    const seconds = (performance.now() - start) / 1000;
    const rate = seconds > 0 ? done / seconds : 0;
    printer.progress(
      { done, total, rate, eta: total === undefined || rate === 0 ? undefined : (total - done) / rate },
      last,
    );
    printedAt = performance.now();
  };
  return {
    moved: (bytes) => {
      done = bytes;
      if (performance.now() - printedAt >= period) show(false);
    },
    event: (event) => printer.event(event),
    end: () => show(true),
    [Symbol.dispose]: () => printer.close(),
  };
}

interface State {
  readonly done: number;
  readonly total: number | undefined;
  /** Bytes a second. */
  readonly rate: number;
  /** Seconds. */
  readonly eta: number | undefined;
}

interface Printer {
  progress(state: State, last: boolean): void;
  event(event: object): void;
  close(): void;
}

const silent: Printer = { progress: () => undefined, event: () => undefined, close: () => undefined };

function choosePrinter(what: string, { json, quiet }: ProgressOptions): Printer {
  if (json) return jsonPrinter(what, quiet ?? false);
  return quiet || !process.stderr.isTTY ? silent : textPrinter(what);
}

function jsonPrinter(what: string, quiet: boolean): Printer {
  const line = (value: object): void => void process.stderr.write(`${JSON.stringify(value)}\n`);
  return {
    progress: ({ done, total, rate, eta }) => {
      if (quiet) return;
      line({
        event: "progress",
        what,
        done,
        ...(total === undefined ? {} : { total }),
        rate: Math.round(rate),
        ...(eta === undefined ? {} : { eta: Math.round(eta) }),
      });
    },
    event: line,
    close: () => undefined,
  };
}

function textPrinter(what: string): Printer {
  let open = false;
  const close = (): void => {
    if (open) process.stderr.write("\n");
    open = false;
  };
  return {
    progress: (state, last) => {
      process.stderr.write(`\r\x1b[K${what} ${progressText(state)}`);
      open = true;
      if (last) close();
    },
    event: () => undefined,
    close,
  };
}

/** `128 MiB of 256 MiB  50%  312 MiB/s  0:01 left`. */
export function progressText({ done, total, rate, eta }: State): string {
  const parts = [total === undefined ? formatByteSize(done) : `${formatByteSize(done)} of ${formatByteSize(total)}`];
  if (total !== undefined && total > 0) parts.push(`${Math.floor((100 * done) / total)}%`);
  parts.push(`${formatByteSize(Math.round(rate))}/s`);
  if (eta !== undefined) parts.push(`${clock(eta)} left`);
  return parts.join("  ");
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
