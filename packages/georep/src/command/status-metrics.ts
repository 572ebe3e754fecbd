import type { SessionReport } from "./report.ts";
import type { SessionState } from "./session-state.ts";

const states: readonly SessionState[] = [
  "created",
  "starting",
  "comparing",
  "active",
  "waiting",
  "paused",
  "faulty",
  "stopped",
  "dead",
];

interface Metric {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly value: (report: SessionReport) => number | undefined;
}

const gauge = (name: string, help: string, value: Metric["value"]): Metric => ({ name, type: "gauge", help, value });
const counter = (name: string, help: string, value: Metric["value"]): Metric => ({
  name,
  type: "counter",
  help,
  value,
});

const metrics: readonly Metric[] = [
  gauge("up", "Whether the session works: it follows changes, compares, or waits for room.", ({ state }) =>
    Number(["active", "comparing", "waiting"].includes(state)),
  ),
  gauge("lag_seconds", "Seconds by which the destination is behind.", (report) => report.lagSeconds),
  gauge("entries_per_second", "Names applied a second.", (report) => report.entriesPerSecond),
  gauge("bytes_per_second", "Bytes of content sent a second.", (report) => report.bytesPerSecond),
  gauge("eta_seconds", "Estimated seconds until the destination is equal.", (report) => report.etaSeconds),
  gauge("pending_entries", "Names that are known to be different.", (report) => report.entriesPending),
  gauge("pending_directories", "Directories that are still to be compared.", (report) => report.directoriesPending),
  gauge("retry_queue", "Names that could not be applied and are tried again.", (report) => report.retryQueue),
  counter("entries_total", "Names applied since the worker started.", (report) => report.entries),
  counter("bytes_total", "Bytes of content sent since the worker started.", (report) => report.bytes),
  counter(
    "compared_directories_total",
    "Directories compared since the worker started.",
    (report) => report.directoriesCompared,
  ),
  counter("failures_total", "Names that failed since the worker started.", (report) => report.failures),
  counter("worker_restarts_total", "Workers that ended by themselves.", (report) => report.restarts),
  gauge("last_synced_timestamp_seconds", "When the destination was last known to have everything.", ({ lastSynced }) =>
    lastSynced === undefined ? undefined : lastSynced / 1000,
  ),
  gauge("last_error_timestamp_seconds", "When the last error came, be it over or not.", ({ lastErrorAt }) =>
    lastErrorAt === undefined ? undefined : lastErrorAt / 1000,
  ),
  gauge("worker_start_timestamp_seconds", "When the worker started.", ({ startedAt }) =>
    startedAt === undefined ? undefined : startedAt / 1000,
  ),
  gauge("checkpoint_timestamp_seconds", "The moment the checkpoint stands for.", (report) => report.checkpoint?.time),
  gauge("checkpoint_completed", "Whether the checkpoint is complete.", ({ checkpoint }) =>
    checkpoint === undefined ? undefined : Number(checkpoint.completed),
  ),
];

/** The status of sessions in Prometheus' text format; a value nobody knows is left out. */
export function metricsText(reports: readonly SessionReport[]): string {
  const families = metrics.map(({ name, type, help, value }) => {
    const lines = reports.flatMap((report) => {
      const number = value(report);
      return number === undefined ? [] : [`belay_georep_${name}{${labelsOf(report)}} ${number}`];
    });
    return lines.length === 0 ? [] : [...head(name, type, help), ...lines];
  });
  return `${[...families.flat(), ...stateLines(reports)].join("\n")}\n`;
}

function stateLines(reports: readonly SessionReport[]): string[] {
  if (reports.length === 0) return [];
  const lines = reports.flatMap((report) =>
    states.map((state) => `belay_georep_state{${labelsOf(report)},state="${state}"} ${Number(report.state === state)}`),
  );
  return [...head("state", "gauge", "What the session is doing: 1 for one of the states, 0 for the others."), ...lines];
}

function head(name: string, type: string, help: string): string[] {
  return [`# HELP belay_georep_${name} ${help}`, `# TYPE belay_georep_${name} ${type}`];
}

function labelsOf({ name, source, destination }: SessionReport): string {
  const labels = { session: name, source, destination };
  return Object.entries(labels)
    .map(([label, value]) => `${label}="${escapeLabel(value)}"`)
    .join(",");
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
