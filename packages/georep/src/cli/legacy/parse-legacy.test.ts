import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BelayError } from "@belay/supervise";
import { regexOfGlob } from "../../config/old/old-config.ts";
import { parseLegacy } from "./parse-legacy.ts";

/** What Python's optparse made of these calls, given the options of 2014; recorded in the root directory. */
interface Recorded {
  readonly argv: readonly string[];
  /** `parsed`, or the code with which the call ended. */
  readonly code: "parsed" | "failure" | number;
  readonly options?: Readonly<Record<string, string>>;
  readonly paths?: readonly string[];
  readonly error?: string;
}

const golden = new URL("parse-legacy.golden.json", import.meta.url);
const recorded = JSON.parse(readFileSync(golden, "utf8")) as readonly Recorded[];

describe("calls of 2014 are parsed as optparse does:", () => {
  test.each(recorded.map((call) => [call.argv.join(" "), call] as const))(
    "%s",
    (_name, { argv, code, options, paths, error }) => {
      if (code === 2) {
        expect(() => parseLegacy(argv)).toThrow(BelayError);
        expect(() => parseLegacy(argv)).toThrow(`error: ${error ?? ""}`);
        return;
      }
      const call = parseLegacy(argv);
      expect(call).toBeDefined();
      if (code !== "parsed") return;
      expect(Object.fromEntries(call?.options ?? [])).toEqual(options);
      expect(call?.paths).toEqual(paths);
    },
  );
});

test.each([
  ["*", "\\A(?s:.*)\\Z", "anything", true],
  ["f?o[!a-c]", "\\A(?s:f.o[^a-c])\\Z", "food", true],
  ["f?o[!a-c]", "\\A(?s:f.o[^a-c])\\Z", "fooa", false],
  ["x.y", "\\A(?s:x\\.y)\\Z", "xzy", false],
])("the pattern %s is %s, and whether it fits %s: %s", (glob, regex, text, fits) => {
  expect(regexOfGlob(glob)).toBe(regex);
  expect(new RegExp(regex.replace("\\A", "^").replace("\\Z", "$")).test(text)).toBe(fits);
});
