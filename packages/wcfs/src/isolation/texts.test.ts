import { tidFromUnixNs, tidToUnixNs } from "@belay/zodb";
import { expect, test } from "vitest";
import { goQuoteBytes } from "./quote-bytes.ts";
import { pinRequest, refusal, setupError } from "./texts.ts";

const AT = 0x03e1_aaaa_aaaa_aaaan;

test("messages are quoted with what can be printed as it is, and every other byte as an escape", () => {
  const cases = [
    [Buffer.from('a "b" \\ c'), String.raw`"a \"b\" \\ c"`],
    [Buffer.from("\n\r\t\0\u007f"), String.raw`"\n\r\t\x00\x7f"`],
    [Buffer.from("δt – 日本"), '"δt – 日本"'],
    [Buffer.from("\u00a0\ufeff\u{e0001}"), String.raw`"\u00a0\ufeff\U000e0001"`],
    [Buffer.from([0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82, 0x62, 0x80]), String.raw`"a\xff\xc3(\xe2\x82b\x80"`],
    [Buffer.from([0xed, 0xa0, 0x80]), String.raw`"\xed\xa0\x80"`],
  ] as const;
  for (const [bytes, quoted] of cases) expect(goQuoteBytes(bytes)).toBe(quoted);
});

test("pins name file, block and revision", () => {
  expect(pinRequest(1n, 2, AT)).toBe("pin 0000000000000001 #2 @03e1aaaaaaaaaaaa");
  expect(pinRequest(0xabn, 0, "head")).toBe("pin 00000000000000ab #0 @head");
});

test("refusals are those of the protocol, byte by byte", () => {
  const request = { oid: 1n, at: AT };
  const prefix = "error setup watch f<0000000000000001> @03e1aaaaaaaaaaaa: ";
  expect(setupError(request, refusal.unknownFile())).toBe(`${prefix}file not yet known to wcfs or is not a ZBigFile`);
  expect(setupError(request, refusal.goingBack())).toBe(`${prefix}going back in history is forbidden`);
  expect(setupError(request, refusal.epoch(AT + 1n, AT + 2n))).toBe(
    `${prefix}file epoch detected @03e1aaaaaaaaaaab in between (at,head=@03e1aaaaaaaaaaac]`,
  );
  expect(setupError({ oid: 1n, at: undefined }, "x")).toBe(
    "error setup watch f<0000000000000001> @ffffffffffffffff: x",
  );
});

test("how far a moment is back from head is told as a duration", () => {
  const later = (milliseconds: number) => tidFromUnixNs(tidToUnixNs(AT) + BigInt(Math.round(milliseconds * 1e6)));
  const text = (milliseconds: number) => refusal.tooFarBack(AT, later(milliseconds)).replace(/@[0-9a-f]{16}/, "@HEAD");
  expect(text(60_500)).toBe("too far away back from head/at (@HEAD); δt = 1m0.5s");
  expect(text(52.1)).toBe("too far away back from head/at (@HEAD); δt = 52.1ms");
  expect(text(7_200_000)).toBe("too far away back from head/at (@HEAD); δt = 2h0m0s");
});
