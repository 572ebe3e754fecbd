/** How a check went. `warn`: something will not work, or not as well; `fail`: the main things will not work. */
export type CheckState = "ok" | "warn" | "fail";

/** One look at the machine. */
export interface Check {
  /** Stable name: `fuse-device`. */
  readonly name: string;
  readonly state: CheckState;
  readonly text: string;
  readonly hint?: string;
}

/** What became of something that a process left. `left`: found, and not asked to fix. */
export type LeftoverState = "left" | "fixed" | "gone" | "failed";

/** Something that a process which is no more has left. */
export interface Leftover {
  /** Kind of the ledger entry, or `stale-mount`, `hung-mount`, `mountpoint`, `lock-file`, `ledger-file`, `georep-…`. */
  readonly kind: string;
  readonly state: LeftoverState;
  readonly text: string;
  readonly hint?: string;
}

/** What the doctor has found. */
export interface DoctorReport {
  readonly checks: readonly Check[];
  readonly leftovers: readonly Leftover[];
}

/** Tells whether nothing is left to do: no check failed and nothing that was left behind is there still. */
export function isHealthy({ checks, leftovers }: DoctorReport): boolean {
  return (
    checks.every(({ state }) => state !== "fail") &&
    leftovers.every(({ state }) => state === "fixed" || state === "gone")
  );
}

/** For people: a line for each check and each leftover, hints below what is wrong. */
export function reportText(report: DoctorReport): string {
  const lines = [...report.checks, ...report.leftovers].flatMap((item) => {
    const subject = "name" in item ? item.name : item.kind;
    const line = `${item.state.padEnd(6)} ${subject}: ${item.text}`;
    return item.hint === undefined ? [line] : [line, `       hint: ${item.hint}`];
  });
  return `${[...lines, summary(report)].join("\n")}\n`;
}

function summary(report: DoctorReport): string {
  const count = (state: string) =>
    [...report.checks, ...report.leftovers].filter((item) => item.state === state).length;
  const [failed, warned, left, fixed] = [count("fail") + count("failed"), count("warn"), count("left"), count("fixed")];
  const parts = [
    failed > 0 ? `${failed} failed` : "",
    warned > 0 ? `${warned} warned` : "",
    left > 0 ? `${left} left behind by dead processes (belay doctor --fix removes them)` : "",
    fixed > 0 ? `${fixed} removed` : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? "all is well" : parts.join(", ");
}

/** For programs: one line. */
export function reportJson(report: DoctorReport): string {
  return `${JSON.stringify({ healthy: isHealthy(report), ...report })}\n`;
}
