import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { appendLogLine } from "./log-line.ts";

const line = { letter: "I", module: "monitor", label: "monitor", text: "hello" } as const;

test("a line makes the folder of its log, and is lost where none can be made", () => {
  const base = mkdtempSync(join(tmpdir(), "belay-test-log-"));
  onTestFinished(() => rmSync(base, { recursive: true }));
  const file = join(base, "a/b/log");
  appendLogLine(file, line);
  appendLogLine(file, line);
  expect(readFileSync(file, "utf8").match(/ I \[monitor\(monitor\):0:main\] <top>: hello$/gm)).toHaveLength(2);
  for (const nowhere of ["/proc/nope/a/log", "/dev/null/log", join(file, "log")]) {
    appendLogLine(nowhere, line);
    expect(existsSync(nowhere)).toBe(false);
  }
});
