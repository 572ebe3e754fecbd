/** One moment of some long work. */
export interface ProgressEvent {
  /** What is done, stable: `scan`, `copy`. */
  readonly phase: string;
  readonly done: number;
  /** How much there is to do; undefined while that is not known. */
  readonly total: number | undefined;
  readonly unit: "bytes" | "items";
  /** What it is about right now. */
  readonly detail: string | undefined;
  /** The phase ends with this event. */
  readonly final: boolean;
}

/** Takes the events of one piece of work. */
export type ProgressPrinter = (event: ProgressEvent) => void;

/** One phase of the work, for the code that does it. */
export interface ProgressPhase {
  /** Adds to what is done. */
  advance(by: number, detail?: string): void;
  /** Tells how much there is, as soon as that is known. */
  expect(total: number): void;
  end(): void;
}

/** Reports long work; every printer sees the same events. */
export interface Progress {
  phase(name: string, unit: ProgressEvent["unit"], total?: number): ProgressPhase;
}

export function createProgress(...printers: readonly ProgressPrinter[]): Progress {
  return { phase: (name, unit, total) => startPhase(printers, name, unit, total) };
}

function startPhase(
  printers: readonly ProgressPrinter[],
  phase: string,
  unit: ProgressEvent["unit"],
  expected: number | undefined,
): ProgressPhase {
  let done = 0;
  let total = expected;
  let detail: string | undefined;
  const tell = (final: boolean) => {
    for (const print of printers) print({ phase, done, total, unit, detail, final });
  };
  tell(false);
  return {
    advance(by, what = detail) {
      done += by;
      detail = what;
      tell(false);
    },
    expect(count) {
      total = count;
      tell(false);
    },
    end: () => tell(true),
  };
}
