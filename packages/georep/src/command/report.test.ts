import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { brickStatusPath, extraStatusPath } from "../status/brick-status.ts";
import { updateExtraStatus } from "../status/extra-status.ts";
import { localTime } from "../status/shown-status.ts";
import { makeCommandPlace } from "../testing/command-place.ts";
import { reportOf } from "./report.ts";
import { metricsText } from "./status-metrics.ts";
import { statusDetail, statusTable } from "./status-text.ts";
import { statePath } from "./session-files.ts";

test("a session whose monitor was killed is dead, and torn files are told of", async () => {
  using place = makeCommandPlace();
  const source = place.directory("src");
  const known = await place.create("src", "dst");
  const state = statePath(known);
  expect(reportOf(place.places, known)).toMatchObject({ state: "created", problems: [], lagSeconds: undefined });
  writeFileSync(state, "Started");
  writeFileSync(brickStatusPath(state, source), '{"worker_status":"Active"');
  writeFileSync(extraStatusPath(state, source), "{");
  const report = reportOf(place.places, known);
  expect(report).toMatchObject({ state: "dead", why: expect.stringContaining("without being stopped") as string });
  expect(report.problems).toHaveLength(2);
  expect(statusTable([report]).split("\n")).toHaveLength(5);
  writeFileSync(state, "Stopped");
  expect(reportOf(place.places, known).state).toBe("stopped");
});

test("a checkpoint is complete when the worker said so of this one", async () => {
  using place = makeCommandPlace();
  const source = place.directory("src");
  const known = await place.create("src", "dst", { options: ["checkpoint=1795247698"] });
  const store = (brick: object) => writeFileSync(brickStatusPath(statePath(known), source), JSON.stringify(brick));
  store({ checkpoint_time: 1795247698, checkpoint_completed: "No", last_synced: 1 });
  expect(reportOf(place.places, known).checkpoint).toMatchObject({ completed: false });
  store({ checkpoint_time: 1795247698, checkpoint_completed: "Yes", checkpoint_completion_time: 1795247700 });
  expect(reportOf(place.places, known).checkpoint).toEqual({
    time: 1795247698,
    completed: true,
    completedAt: 1795247700,
  });
});

test("metrics have help, type and escaped labels; what nobody knows is left out", async () => {
  using place = makeCommandPlace();
  place.directory('a"b\\c');
  const known = await place.create('a"b\\c', "dst");
  const text = metricsText([{ ...reportOf(place.places, known), state: "active", lagSeconds: 1.5 }]);
  expect(text).toContain('source="file:///tmp/');
  expect(text).toContain('a\\"b\\\\c"');
  expect(text).toMatch(
    /# HELP belay_georep_lag_seconds .+\n# TYPE belay_georep_lag_seconds gauge\nbelay_georep_lag_seconds\{.+\} 1\.5\n/,
  );
  expect(text).toMatch(/belay_georep_state\{.+,state="active"\} 1\n/);
  expect(text).not.toContain("retry_queue");
  for (const line of text.trimEnd().split("\n"))
    expect(line).toMatch(/^(# (HELP|TYPE) belay_georep_\w+ .+|belay_georep_\w+\{(\w+="([^"\\]|\\.)*",?)+\} -?[\d.]+)$/);
});

test("names with control characters do not get to the terminal", async () => {
  using place = makeCommandPlace();
  place.directory("src");
  const known = await place.create("src", "dst");
  const text = statusDetail({ ...reportOf(place.places, known), lastError: "\u001b[2Jx\ny" });
  expect(text).toContain("\\x1b[2Jx\\x0ay");
});

test("the last error is told with its time, which the files keep", async () => {
  using place = makeCommandPlace();
  place.directory("src");
  const known = await place.create("src", "dst");
  const at = Date.parse("2026-11-29T11:01:29Z");
  const monitor = { pid: 1, updatedAt: at + 5000, state: "ended", restarts: 1, lastErrorAt: at } as const;
  await updateExtraStatus(extraStatusPath(statePath(known), known.source.path), {
    monitor: { ...monitor, lastError: "EROFS: read-only file system" },
  });
  const report = reportOf(place.places, known);
  expect(report).toMatchObject({ lastError: "EROFS: read-only file system", lastErrorAt: at });
  const time = localTime(at / 1000);
  expect(statusTable([report])).toContain(`last error, ${time}: EROFS: read-only file system`);
  expect(statusDetail(report)).toContain(`last error   ${time}: EROFS: read-only file system`);
  expect(metricsText([report])).toContain(`"} ${at / 1000}\n`);
});
