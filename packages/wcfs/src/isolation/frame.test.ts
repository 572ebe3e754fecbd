import { expect, test } from "vitest";
import { LineSplitter, parseFrame } from "./frame.ts";

test("a frame is a decimal stream, a space and a message that may be empty or have spaces", () => {
  const cases = [
    ["1 watch x @y\n", 1n, "watch x @y"],
    ["2 ack\n", 2n, "ack"],
    ["2 \n", 2n, ""],
    ["2  ack\n", 2n, " ack"],
    ["007 bye\r\n", 7n, "bye\r"],
    ["18446744073709551615 bye\n", (1n << 64n) - 1n, "bye"],
  ] as const;
  for (const [line, stream, message] of cases) {
    expect(parseFrame(Buffer.from(line))).toEqual({ stream, message: Buffer.from(message) });
  }
});

test("what is no frame is told with the whole line", () => {
  const cases = [
    ["hello\n", 'invalid frame: "hello\\n"'],
    ["\n", 'invalid frame: "\\n"'],
    [" x\n", 'invalid frame: " x\\n" (invalid stream)'],
    ["zzz hello\n", 'invalid frame: "zzz hello\\n" (invalid stream)'],
    ["+1 x\n", 'invalid frame: "+1 x\\n" (invalid stream)'],
    ["-1 x\n", 'invalid frame: "-1 x\\n" (invalid stream)'],
    ["0x1 x\n", 'invalid frame: "0x1 x\\n" (invalid stream)'],
    ["18446744073709551616 x\n", 'invalid frame: "18446744073709551616 x\\n" (invalid stream)'],
  ] as const;
  for (const [line, problem] of cases) expect(parseFrame(Buffer.from(line))).toEqual({ problem });
});

test("lines are found wherever writes begin and end", () => {
  const text = "1 watch\n\n2 ack\nrest";
  for (let size = 1; size <= text.length; size++) {
    const splitter = new LineSplitter();
    const lines: string[] = [];
    for (let at = 0; at < text.length; at += size) {
      lines.push(...splitter.push(Buffer.from(text.slice(at, at + size))).map(String));
    }
    expect(lines).toEqual(["1 watch\n", "\n", "2 ack\n"]);
    expect(splitter.pending).toBe(4);
  }
});
