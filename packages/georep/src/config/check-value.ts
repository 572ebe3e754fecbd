import { accessSync, constants, statSync } from "node:fs";
import { BelayError, toError } from "@belay/supervise";
import type { Check, Option } from "./options.ts";

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  "1": true,
  false: false,
  no: false,
  off: false,
  "0": false,
};

/** A whole number as Python's `int` reads it: blanks around it, a sign, underscores between digits. */
export function parseInteger(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^[+-]?\d+(?:_\d+)*$/.test(trimmed)) return undefined;
  const number = Number(trimmed.replaceAll("_", ""));
  return Number.isSafeInteger(number) ? number : undefined;
}

/** A truth value in any of its spellings. */
export function parseTruth(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  return Object.hasOwn(truths, word) ? truths[word] : undefined;
}

/** Tells whether a value may be stored for an option. */
export function isAcceptable(option: Option, value: string): boolean {
  // One value is one line wherever it is printed and read. U+FFFD stands where an argument was not UTF-8: it would not be what was said.
  if (/[\u0000-\u0008\u000a-\u001f\u007f\ufffd]/.test(value)) return false;
  return passes(option.check, value);
}

function passes(check: Check, value: string): boolean {
  switch (check.kind) {
    case "any":
      return true;
    case "int":
      return parseInteger(value) !== undefined;
    case "range": {
      const number = parseInteger(value);
      return number !== undefined && number >= check.min && number <= check.max;
    }
    case "choice":
      return check.of.includes(value);
    case "strict-bool":
      return value === "true" || value === "false";
    case "bool":
      return parseTruth(value) !== undefined;
    case "program":
      return isProgram(value);
    case "unix-time":
      return isUnixTime(value);
    case "parsed":
      return problemOf(check.parse, value) === undefined;
  }
}

/** Why a text cannot be parsed; undefined: it can. */
export function problemOf(parse: (text: string) => unknown, text: string): string | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    const { message } = toError(error);
    return error instanceof BelayError && error.hint !== undefined ? `${message}: ${error.hint}` : message;
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

// 0 and other moments of 1970 stand for "no checkpoint"; the year 9999 is the last that can be printed.
function isUnixTime(value: string): boolean {
  const seconds = parseInteger(value);
  if (seconds === undefined) return false;
  const year = new Date(seconds * 1000).getFullYear();
  return year !== 1970 && year >= 1 && year <= 9999;
}
