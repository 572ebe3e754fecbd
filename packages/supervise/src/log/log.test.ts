import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  createLogger,
  formatGlog,
  formatGlogNamed,
  formatJson,
  glogSinks,
  type LogRecord,
  type LogSink,
} from "../index.ts";

function record(patch: Partial<LogRecord>): LogRecord {
  const caller = { file: "a.ts", line: 7 };
  return { time: 0, level: "info", name: "wcfs", message: "hello", fields: {}, tid: 42, caller, ...patch };
}

function collect(format: (record: LogRecord) => string): { lines: string[]; sink: LogSink } {
  const lines: string[] = [];
  const write = (r: LogRecord) => void lines.push(format(r));
  return { lines, sink: { threshold: "debug", wantsCaller: true, write, [Symbol.dispose]: () => undefined } };
}

test("microseconds that round up carry into the minute, never to seven digits", () => {
  const time = new Date(2026, 10, 21, 23, 59, 59, 999).getTime() + 0.9996;
  expect(formatGlog(record({ time }))).toBe("I1122 00:00:00.000000      42 a.ts:7] hello\n");
  expect(formatGlogNamed(record({ time: time - 0.5, level: "fatal" }))).toBe(
    "C1121 23:59:59.999500 42 a.ts:7] wcfs: hello\n",
  );
});

test("a logger tells the file and line that called it, and children have longer names", () => {
  const { lines, sink } = collect(formatGlogNamed);
  const logger = createLogger({ name: "wcfs", sinks: [sink] });
  logger.child("stop").warn("first\nsecond");
  expect(lines[0]).toMatch(/^W\d{4} [\d:]{8}\.\d{6} \d+ log\.test\.ts:\d+\] wcfs\.stop: first\nsecond\n$/);
});

test("the JSON form carries the fields of the logger and of the message", () => {
  const { lines, sink } = collect(formatJson);
  createLogger({ name: "a", sinks: [sink], fields: { x: 1 } })
    .child("b", { y: 2n })
    .error("m", { error: new Error("e") });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "error",
    name: "a.b",
    x: 1,
    y: "2",
    error: { message: "e" },
  });
});

test("each severity's file has what is at least as severe, is made on demand and is linked to", () => {
  const logDir = mkdtempSync(join(tmpdir(), "belay-test-"));
  try {
    const logger = createLogger({ sinks: glogSinks({ program: "wcfs", logDir, stderrthreshold: "fatal" }) });
    logger.debug("unseen");
    logger.info("one");
    logger.warn("two");
    const files = readdirSync(logDir).filter((name) => name.includes(".log."));
    expect(files.sort()).toHaveLength(2);
    expect(files[0]).toMatch(new RegExp(`^wcfs\\.[^.]+\\.[^.]+\\.log\\.INFO\\.\\d{8}-\\d{6}\\.${process.pid}$`));
    const messages = (path: string) => readFileSync(join(logDir, path), "utf8").match(/(?<=^[A-Z]\d{4}.*\] )[a-z]+$/gm);
    expect(messages("wcfs.INFO")).toEqual(["one", "two"]);
    expect(messages("wcfs.WARNING")).toEqual(["two"]);
    expect(readlinkSync(join(logDir, "wcfs.WARNING"))).toContain(".log.WARNING.");
  } finally {
    rmSync(logDir, { recursive: true });
  }
});
