import { resolve } from "node:path";
import { BelayError } from "@belay/supervise";
import { programName } from "../argument-parser.ts";
import { legacyOptions, matchLegacyOptions, type LegacyOption } from "./legacy-options.ts";

/** What a configuration operation is to do; the last one given counts. */
export interface LegacyConfigCall {
  readonly operation: "check" | "get" | "set" | "del";
  /** undefined: all. */
  readonly option: string | undefined;
  readonly value: string;
  /** Peers are patterns: regular expressions, or those of shells. */
  readonly patterns: "none" | "rx" | "glob";
}

/** A call of 2014, parsed. */
export interface LegacyCall {
  /** What of the configuration the call gives, by name with underscores. */
  readonly options: ReadonlyMap<string, string>;
  /** What the call is to do: roles, `create`, `config_file` … */
  readonly local: ReadonlyMap<string, string>;
  readonly paths: readonly string[];
  readonly config: LegacyConfigCall | undefined;
  readonly positionals: readonly string[];
  /** Names of all options given, for the check of restricted calls. */
  readonly given: readonly string[];
}

export const legacyUsage = `Usage: ${programName} [options...] <master> <slave>\n`;

/**
 * Parses a call of the 2014 interface as Python's optparse does: options anywhere, long names cut short, `-pFILE` and `-p FILE`, short flags
 * together, `--` before what only looks like an option.
 *
 * @returns undefined when help was asked for
 * @throws BelayError `EUSAGE` with usage and error as its message
 */
export function parseLegacy(argv: readonly string[]): LegacyCall | undefined {
  const parser = new Parser(argv);
  return parser.run() ? parser.result() : undefined;
}

class Parser {
  private readonly rest: string[];
  private readonly options = new Map<string, string>();
  private readonly local = new Map<string, string>();
  private readonly paths: string[] = [];
  private readonly positionals: string[] = [];
  private readonly given = new Set<string>();
  private config: LegacyConfigCall | undefined;

  constructor(argv: readonly string[]) {
    this.rest = [...argv];
  }

  run(): boolean {
    for (let word = this.rest.shift(); word !== undefined; word = this.rest.shift()) {
      if (word === "-h" || word === "--help") return false;
      if (word === "--") this.positionals.push(...this.rest.splice(0));
      else if (word.startsWith("--")) this.takeLong(word);
      else if (word.startsWith("-") && word !== "-") this.takeShort(word);
      else this.positionals.push(word);
    }
    return true;
  }

  result(): LegacyCall {
    const { options, local, paths, config, positionals, given } = this;
    return { options, local, paths, config, positionals, given: [...given] };
  }

  private takeLong(word: string): void {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const [option, ...others] = matchLegacyOptions(name);
    if (option === undefined) throw failure(`no such option: ${name}`);
    if (others.length > 0) {
      const all = [option, ...others].map(({ names }) => names.at(-1)).sort();
      throw failure(`ambiguous option: ${name} (${all.join(", ")}?)`);
    }
    const shown = option.names.at(-1) ?? name;
    if (equals >= 0 && option.words === 0) throw failure(`${shown} option does not take a value`);
    if (equals >= 0) this.rest.unshift(word.slice(equals + 1));
    this.apply(option, shown);
  }

  private takeShort(word: string): void {
    for (let i = 1; i < word.length; i++) {
      const name = `-${word[i] ?? ""}`;
      const option = legacyOptions.find(({ names }) => names.includes(name));
      if (option === undefined) throw failure(`no such option: ${name}`);
      const more = word.slice(i + 1);
      if (option.words !== 0 && more !== "") this.rest.unshift(more);
      this.apply(option, name);
      if (option.words !== 0) return;
    }
  }

  private apply(option: LegacyOption, shown: string): void {
    const { key, kind, words = 1, value } = option;
    if (this.rest.length < words) {
      throw failure(`${shown} option requires ${words === 1 ? "1 argument" : `${words} arguments`}`);
    }
    const [first = String(value), second = ""] = this.rest.splice(0, words);
    if (kind.endsWith("number")) requireInteger(shown, first);
    if (key.startsWith("config:")) this.config = configCall(key, words === 0 ? undefined : first, second);
    else if (kind === "list") this.paths.push(first);
    else if (kind.startsWith("local-")) this.setLocal(key, key === "config_file" ? absolute(first) : first);
    // A flag can only be switched on.
    else
      this.set(
        key,
        kind === "flag" ? "true" : kind === "path" ? absolute(first) : kind === "number" ? integer(first) : first,
      );
    this.given.add(key.startsWith("config:") ? "config" : key);
  }

  private set(key: string, value: string): void {
    this.options.set(key, value);
  }

  private setLocal(key: string, value: string): void {
    this.local.set(key, value);
    if (value !== "debug" || key !== "go_daemon") return;
    this.local.set(key, "dont").set("debug", "true");
    for (const [name, setting] of [
      ["log_file", "-"],
      ["log_level", "DEBUG"],
      ["changelog_log_file", "-"],
    ] as const) {
      this.set(name, setting);
    }
  }
}

function configCall(key: string, option: string | undefined, value: string): LegacyConfigCall {
  const [operation = "", variant] = key.slice("config:".length).split("-");
  if (operation === "get") return { operation, option, value, patterns: "none" };
  const patterns = variant === "rx" || variant === "glob" ? variant : "none";
  return { operation: operation as "check" | "set" | "del", option, value, patterns };
}

function absolute(path: string): string {
  return path === "" || path === "-" ? path : resolve(path);
}

const notations: readonly (readonly [RegExp, number])[] = [
  [/^0x[\da-f]+$/i, 16],
  [/^0b[01]+$/i, 2],
  [/^0[0-7]+$/, 8],
  [/^[1-9]\d*$/, 10],
];

// Hexadecimal, binary and octal numbers are as good.
function parseNumber(text: string): number | undefined {
  const [, sign = "", digits = ""] = /^([+-]?)(.*)$/.exec(text.trim()) ?? [];
  const base = notations.find(([form]) => form.test(digits))?.[1];
  if (base === undefined) return undefined;
  const number = parseInt(base === 2 || base === 16 ? digits.slice(2) : digits, base);
  return sign === "-" ? -number : number;
}

function requireInteger(option: string, text: string): void {
  if (parseNumber(text) === undefined) throw failure(`option ${option}: invalid integer value: '${text}'`);
}

function integer(text: string): string {
  return String(parseNumber(text));
}

function failure(problem: string): BelayError {
  return new BelayError("EUSAGE", `${legacyUsage}\n${programName}: error: ${problem}`);
}
