import { expect, test } from "vitest";
import { goQuote } from "./go-quote.ts";

test("plain text is only put in quotes", () => {
  expect(goQuote("file:///srv/Data.fs")).toBe('"file:///srv/Data.fs"');
  expect(goQuote("größe → 1")).toBe('"größe → 1"');
});

test("quotes, backslashes and what cannot be printed are escaped", () => {
  expect(goQuote('a"b\\c\n\x00\x7f')).toBe('"a\\"b\\\\c\\n\\x00\\x7f"');
  expect(goQuote("\u00a0\u200b\u{e0001}")).toBe('"\\u00a0\\u200b\\U000e0001"');
});
