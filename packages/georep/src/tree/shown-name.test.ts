import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { quotedName, shownName } from "./shown-name.ts";

test("names are shown on one line, and steer no terminal", () => {
  expect(shownName(Buffer.from("plain/Grüße €.txt"))).toBe("plain/Grüße €.txt");
  expect(shownName(Buffer.from("a\nb\u001b[31m\u202e"))).toBe("a\\x0ab\\x1b[31m\\xe2\\x80\\xae");
  expect(shownName(Buffer.from([0x61, 0xff, 0xfe, 0xc3, 0xbc]))).toBe("a\\xff\\xfeü");
  expect(quotedName(Buffer.from('say "hi"\\'))).toBe('"say \\"hi\\"\\\\"');
});

test("no two names look the same: what is shown can be turned back", () => {
  for (const name of [
    Buffer.from("\\xff"),
    Buffer.from([0xff]),
    Buffer.from("\ufffd"),
    Buffer.from("\\\\n\n"),
    Buffer.from(Array.from({ length: 255 }, (_, i) => i + 1)),
  ])
    expect(execFileSync("/usr/bin/printf", ["%b", shownName(name)])).toEqual(name);
});
