import { expect, test } from "vitest";
import { parseWatchRequest } from "./watch-request.ts";

const OID = "00000000000000ab";
const AT = "03e1aaaaaaaaaaaa";

test("a request names a file and a moment, in digits of either case, or asks to stop", () => {
  const oid = 0xabn;
  expect(parseWatchRequest(Buffer.from(`watch ${OID} @${AT}`))).toEqual({ oid, at: 0x03e1_aaaa_aaaa_aaaan });
  expect(parseWatchRequest(Buffer.from(`watch ${OID.toUpperCase()} @${AT.toUpperCase()}`))).toMatchObject({ oid });
  expect(parseWatchRequest(Buffer.from(`watch ${OID} -`))).toEqual({ oid, at: undefined });
  expect(parseWatchRequest(Buffer.from(`watch ${OID} @${"f".repeat(16)}`))).toEqual({ oid, at: undefined });
});

test("every other message is answered with what is wrong", () => {
  const cases = [
    ["", 'bad watch: not a watch request: ""'],
    ["bla bla", 'bad watch: not a watch request: "bla bla"'],
    ["watch", 'bad watch: not a watch request: "watch"'],
    ["Watch x @y", 'bad watch: not a watch request: "Watch x @y"'],
    ["watch ", "bad watch: expected 2 arguments, got 1"],
    [`watch ${OID}`, "bad watch: expected 2 arguments, got 1"],
    [`watch ${OID} @${AT} `, "bad watch: expected 2 arguments, got 3"],
    [`watch  ${OID} @${AT}`, "bad watch: expected 2 arguments, got 3"],
    [`watch ${OID.slice(1)} @${AT}`, "bad watch: invalid oid"],
    [`watch ${OID.replace("a", "g")} @${AT}`, "bad watch: invalid oid"],
    [`watch 0x${OID.slice(2)} @${AT}`, "bad watch: invalid oid"],
    [`watch ${OID} ${AT}`, "bad watch: invalid at"],
    [`watch ${OID} @${AT}0`, "bad watch: invalid at"],
    [`watch ${OID} @${AT}\r`, "bad watch: invalid at"],
    [`watch ${OID} @`, "bad watch: invalid at"],
    [`watch ${OID} @-`, "bad watch: invalid at"],
    [`watch ${OID} --`, "bad watch: invalid at"],
  ] as const;
  for (const [message, problem] of cases) expect(parseWatchRequest(Buffer.from(message))).toBe(problem);
});
