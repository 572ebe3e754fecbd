import { formatBytes, formatSeconds } from "@belay/supervise";
import { localTime } from "../status/shown-status.ts";
import { parseEnd, shortEnd } from "./ends.ts";
import type { SessionReport } from "./report.ts";
import { printable, tableText } from "./table.ts";

const none = "-";

/** The state and, where it is not plain, why. */
export function stateText({ state, why }: SessionReport): string {
  return why === undefined ? state : `${state} (${why})`;
}

/** How far a session is from having everything at its destination, in a line. */
export function waitingText(report: SessionReport): string {
  const parts = [
    stateText(report),
    report.lagSeconds === undefined ? "" : `${secondsText(report.lagSeconds)} behind`,
    pendingText(report) === none ? "" : `${pendingText(report)} pending`,
    (report.retryQueue ?? 0) === 0 ? "" : `${report.retryQueue} to be tried again`,
    report.etaSeconds === undefined ? "" : `${secondsText(report.etaSeconds)} left`,
  ];
  return printable(parts.filter((part) => part !== "").join(", "));
}

/** A line for each session. */
export function statusTable(reports: readonly SessionReport[]): string {
  const head = ["NAME", "STATE", "LAG", "RATE", "ETA", "PENDING", "RETRY", "SYNCED", "CHECKPOINT"];
  const rows = reports.map((report) => [
    report.name,
    report.state,
    secondsText(report.lagSeconds),
    rateText(report),
    secondsText(report.etaSeconds),
    pendingText(report),
    countText(report.retryQueue),
    timeText(report.lastSynced),
    checkpointText(report),
  ]);
  const lines = [tableText(head, rows)];
  for (const report of reports) lines.push(...remarks(report));
  return lines.join("\n");
}

// What does not fit into a column: why, the last error, and files that could not be read.
function remarks(report: SessionReport): string[] {
  const { name, why, hint, lastError, lastErrorAt, problems } = report;
  const isTold = lastError === undefined || why?.includes(lastError) === true;
  const error = isTold
    ? []
    : [`last error${lastErrorAt === undefined ? "" : `, ${timeText(lastErrorAt)}`}: ${lastError}`];
  const reason = why === undefined ? [] : [why, ...(hint === undefined ? [] : [`hint: ${hint}`])];
  return [...reason, ...error, ...problems].map((text) => `  ${name}: ${printable(text)}`);
}

/** Everything that is known about a session, a line each. */
export function statusDetail(report: SessionReport): string {
  const { source, destination } = report;
  const lines: [string, string][] = [
    ["source", shortUrl(source)],
    ["destination", shortUrl(destination)],
    ["state", stateText(report)],
    ...(report.hint === undefined ? [] : [["hint", report.hint] satisfies [string, string]]),
    ["watching", report.watching ?? none],
    ["lag", secondsText(report.lagSeconds)],
    ["rate", rateText(report)],
    ["time left", secondsText(report.etaSeconds)],
    ["pending", pendingText(report)],
    ["retry queue", countText(report.retryQueue)],
    ["done", doneText(report)],
    ["last synced", timeText(report.lastSynced)],
    ["checkpoint", checkpointText(report)],
    ["last error", lastErrorText(report)],
    ["restarts", countText(report.restarts)],
    ["worker", workerText(report)],
    ["id", report.id],
    ...report.problems.map((problem): [string, string] => ["problem", problem]),
  ];
  return [report.name, ...lines.map(([name, text]) => `  ${name.padEnd(12)} ${printable(text)}`)].join("\n");
}

function lastErrorText({ lastError, lastErrorAt }: SessionReport): string {
  if (lastError === undefined) return none;
  return lastErrorAt === undefined ? lastError : `${timeText(lastErrorAt)}: ${lastError}`;
}

function doneText({ entries, bytes = 0, failures = 0, directoriesCompared = 0 }: SessionReport): string {
  if (entries === undefined) return none;
  const counts = [countOf(entries, "entries"), formatBytes(bytes), countOf(failures, "failures")].join(", ");
  return `${counts}; ${countOf(directoriesCompared, "directories")} compared`;
}

function workerText({ pid, startedAt }: SessionReport): string {
  if (pid === undefined) return none;
  return startedAt === undefined ? `process ${pid}` : `process ${pid} since ${timeText(startedAt)}`;
}

function shortUrl(url: string): string {
  return shortEnd(parseEnd(url, "/"));
}

function secondsText(seconds: number | undefined): string {
  if (seconds === undefined) return none;
  return seconds < 10 && seconds > 0 ? `${seconds.toFixed(1)} s` : formatSeconds(seconds);
}

function countText(count: number | undefined): string {
  return count === undefined ? none : String(count);
}

function rateText({ entriesPerSecond, bytesPerSecond }: SessionReport): string {
  if (entriesPerSecond === undefined) return none;
  const bytes = bytesPerSecond === undefined ? "" : `, ${formatBytes(Math.round(bytesPerSecond))}/s`;
  return `${entriesPerSecond < 10 ? entriesPerSecond.toFixed(1) : Math.round(entriesPerSecond)}/s${bytes}`;
}

function pendingText({ entriesPending, directoriesPending }: SessionReport): string {
  if (entriesPending === undefined && directoriesPending === undefined) return none;
  const counts = { entries: entriesPending ?? 0, directories: directoriesPending ?? 0 };
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return parts.length === 0 ? "0" : parts.map(([what, count]) => countOf(count, what)).join(", ");
}

const singular: Readonly<Record<string, string>> = {
  entries: "entry",
  failures: "failure",
  directories: "directory",
};

function countOf(count: number, what: string): string {
  return `${count} ${count === 1 ? (singular[what] ?? what) : what}`;
}

function timeText(ms: number | undefined): string {
  return ms === undefined ? none : localTime(Math.floor(ms / 1000));
}

/** Whether the checkpoint was reached, and which one it is. */
export function checkpointText({ checkpoint }: SessionReport): string {
  if (checkpoint === undefined) return none;
  const { time, completed, completedAt } = checkpoint;
  if (!completed) return `${localTime(time)} not yet`;
  return `${localTime(time)} complete${completedAt === undefined ? "" : ` at ${localTime(completedAt)}`}`;
}
