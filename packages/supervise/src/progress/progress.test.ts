import { expect, test } from "vitest";
import { createProgress, formatBytes, formatSeconds, jsonProgress, textProgress } from "../index.ts";

function recorder() {
  const state = { time: 0, text: "" };
  return { state, options: { write: (text: string) => void (state.text += text), now: () => state.time } };
}

test("text and JSON lines are made of the same events", () => {
  const text = recorder();
  const json = recorder();
  const progress = createProgress(textProgress({ ...text.options, isTTY: false }), jsonProgress(json.options));
  const phase = progress.phase("copy", "bytes", 4096);
  text.state.time = json.state.time = 1000;
  phase.advance(1024, "a.dat"); // too early for the text
  text.state.time = json.state.time = 8000;
  phase.advance(1024, "b.dat");
  phase.end();
  expect(text.state.text).toBe(
    "copy: 2.0 KiB of 4.0 KiB 50%, 256 B/s, 8 s left, b.dat\ncopy: 2.0 KiB of 4.0 KiB 50%, 256 B/s, in 8 s\n",
  );
  const events = json.state.text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { progress: object });
  expect(events.at(-1)?.progress).toMatchObject({
    phase: "copy",
    done: 2048,
    total: 4096,
    final: true,
    secondsLeft: 8,
  });
  expect(events).toHaveLength(4);
});

test("on a terminal one line is written over", () => {
  const { state, options } = recorder();
  const phase = createProgress(textProgress({ ...options, isTTY: true })).phase("scan", "items");
  state.time = 200;
  phase.advance(10);
  state.time = 250;
  phase.advance(10);
  phase.end();
  expect(state.text).toBe("\r\x1b[Kscan: 10, 50/s\r\x1b[Kscan: 20, 80/s, in 0 s\n");
});

test("sizes and times are short", () => {
  expect([0, 1023, 1024, 1.5 * 2 ** 20, 2 ** 60].map(formatBytes)).toEqual([
    "0 B",
    "1023 B",
    "1.0 KiB",
    "1.5 MiB",
    "1024.0 PiB",
  ]);
  expect([0.4, 59, 61, 3723].map(formatSeconds)).toEqual(["0 s", "59 s", "1:01", "1:02:03"]);
});
