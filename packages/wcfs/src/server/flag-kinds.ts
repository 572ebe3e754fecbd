import { formatDuration, parseDuration } from "./duration.ts";
import type { Flag } from "./flags.ts";

/** Severities of a log record, least first. */
export const severities = ["INFO", "WARNING", "ERROR", "FATAL"] as const;

/** Severity of a log record. */
export type Severity = (typeof severities)[number];

const truths: Record<string, boolean> = Object.fromEntries([
  ...["1", "t", "T", "true", "TRUE", "True"].map((text) => [text, true]),
  ...["0", "f", "F", "false", "FALSE", "False"].map((text) => [text, false]),
]) as Record<string, boolean>;

/** A switch, off unless given. */
export function bool(help: string): Flag<boolean> {
  return { kind: "bool", default: false, help, parse: (text) => truths[text], show: String };
}

/** A duration; the value is in milliseconds. */
export function duration(byDefault: string, help: string): Flag<number> {
  return { kind: "duration", default: parseDuration(byDefault) ?? 0, help, parse: parseDuration, show: formatDuration };
}

/** Any text. */
export function string(help: string): Flag<string> {
  return { kind: "string", default: "", help, parse: (text) => text, show: (value) => value };
}

/** One of some words; the first is the default. */
export function choice<const T extends string>(words: readonly [T, ...T[]], help: string): Flag<T> {
  const parse = (text: string) => words.find((word) => word === text);
  return { kind: "string", default: words[0], help, parse, show: (value) => value };
}

/** A decimal integer. */
export function int(byDefault: number, help: string): Flag<number> {
  return {
    kind: "int",
    default: byDefault,
    help,
    parse: parseInteger,
    show: (value) => (value === 0 ? "" : String(value)),
  };
}

/** A severity by name or by number (0 to 3). */
export function severity(byDefault: Severity, help: string): Flag<Severity> {
  return { kind: "severity", default: byDefault, help, parse: parseSeverity, show: (value) => value };
}

function parseInteger(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

function parseSeverity(text: string): Severity | undefined {
  return severities.find((name, number) => text.toUpperCase() === name || text === String(number));
}
