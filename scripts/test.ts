/**
 * Runs the tests and closes with one honest line: `N passed, N failed, N skipped`.
 *
 * The counts are those of the runner's own JSON report. Skipped tests are named, each on a line of its own: a skip is something this
 * machine could not check. What failed is told once more, so that the end of a long log says why. A run in which a file could not even be loaded, or in which no test ran, has failed.
 *
 * Arguments go to the runner (a path narrows the run).
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";

interface AssertionResult {
  readonly fullName: string;
  readonly status: "passed" | "failed" | "skipped" | "pending" | "todo" | "disabled";
  readonly failureMessages?: readonly string[];
}

interface FileResult {
  readonly name: string;
  readonly status: "passed" | "failed";
  readonly assertionResults: readonly AssertionResult[];
}

interface Report {
  readonly testResults: readonly FileResult[];
}

/** What the closing line says, and whether the run as a whole is good. */
interface Tally {
  readonly passed: number;
  /** Names and what was said of each, see {@link messageLines}. */
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  /** Files that failed without a failing test in them: they could not be loaded, or a hook of theirs broke. */
  readonly brokenFiles: readonly string[];
}

const root = join(import.meta.dirname, "..");
// Hundreds of processes are started from source; compiling it takes most of the time until they do anything.
const compileCache = join(root, "build", "compile-cache");
const reportFile = join(root, "build", "test-report.json");

function tally(report: Report): Tally {
  const all = report.testResults.flatMap((file) =>
    file.assertionResults.map((test) => ({ ...test, label: `${relative(root, file.name)}: ${test.fullName}` })),
  );
  return {
    passed: all.filter((test) => test.status === "passed").length,
    failed: all.filter((test) => test.status === "failed").map((test) => `${test.label}\n${messageOf(test)}`),
    skipped: all.filter((test) => test.status !== "passed" && test.status !== "failed").map((test) => test.label),
    brokenFiles: report.testResults
      .filter((file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"))
      .map((file) => relative(root, file.name)),
  };
}

/** Of a message no more is told at the end than so many lines, and nothing of where in the runner it was. */
const messageLines = 20;

function messageOf({ failureMessages = [] }: AssertionResult): string {
  const lines = failureMessages
    .join("\n")
    .split("\n")
    .filter((line) => !/^ +at .*(node_modules|new Promise)/.test(line));
  return lines.slice(0, messageLines).join("\n");
}

function runTests(args: readonly string[]): number {
  mkdirSync(dirname(reportFile), { recursive: true });
  rmSync(reportFile, { force: true });
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const command = [vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`, ...args];
  const env = { NODE_COMPILE_CACHE: compileCache, ...process.env };
  const done = spawnSync(process.execPath, command, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
  return done.status ?? 1;
}

function printTally({ passed, failed, skipped, brokenFiles }: Tally): void {
  for (const text of failed) console.log(`FAILED   ${text}`);
  for (const name of skipped) console.log(`SKIPPED  ${name}`);
  for (const name of brokenFiles) console.log(`BROKEN   ${name}`);
  if (skipped.length > 0) console.log(`${skipped.length} tests were SKIPPED on this machine: see above for which`);
  console.log(`${passed} passed, ${failed.length + brokenFiles.length} failed, ${skipped.length} skipped`);
}

function main(args: readonly string[]): number {
  const status = runTests(args);
  const result = tally(JSON.parse(readFileSync(reportFile, "utf8")) as Report);
  printTally(result);
  const good = status === 0 && result.failed.length === 0 && result.brokenFiles.length === 0 && result.passed > 0;
  return good ? 0 : Math.max(status, 1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main(process.argv.slice(2));
