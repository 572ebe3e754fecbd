import { BelayError } from "@belay/supervise";

/** One option of a sub-command. */
export interface OptionSpec {
  /** `-n`, `--name`; the last one names it in the result. */
  readonly names: readonly string[];
  /** What comes after it; `list`: it may be given more than once. */
  readonly takes: "nothing" | "text" | "number" | "list";
  readonly help: string;
}

/** One sub-command. */
export interface CommandSpec {
  readonly name: string;
  readonly help: string;
  readonly positionals: readonly string[];
  readonly options: readonly OptionSpec[];
}

/** Arguments of a sub-command, by the long names of its options without the dashes. */
export interface ParsedArguments {
  readonly positionals: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  list(name: string): readonly string[];
}

/** Name under which usage and errors are printed. */
export const programName = "gsyncd.py";

/** A mistake in the arguments; the message is what is to be printed, usage included. */
export function usageError(command: CommandSpec, problem: string): BelayError {
  return new BelayError("EUSAGE", `${usageLine(command)}\n${programName} ${command.name}: error: ${problem}`);
}

/** `usage: …` of a sub-command, on one line. */
export function usageLine({ name, options, positionals }: CommandSpec): string {
  const parts = options.map(({ names: [first = ""], names, takes }) => {
    return takes === "nothing" ? `[${first}]` : `[${first} ${metavar(names)}]`;
  });
  return ["usage:", programName, name, "[-h]", ...parts, ...positionals].join(" ");
}

/** What `-h` prints. */
export function helpText(command: CommandSpec): string {
  const rows = command.options.map(({ names, takes, help }) => {
    const value = takes === "nothing" ? "" : ` ${metavar(names)}`;
    return `  ${names.map((name) => name + value).join(", ")}\n                        ${help}\n`;
  });
  return `${usageLine(command)}\n\n${command.help}\n\noptions:\n  -h, --help            show this help message and exit\n${rows.join("")}`;
}

/**
 * Parses the arguments of a sub-command as Python's argparse does: options and positionals in any order, `--name value` and
 * `--name=value`, `-nvalue`, names cut short as long as they are clear, `--` before what only looks like an option.
 *
 * @returns `undefined` when help was asked for
 * @throws BelayError `EUSAGE` with usage and error as its message
 */
export function parseArguments(command: CommandSpec, args: readonly string[]): ParsedArguments | undefined {
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? "";
    if (asksForHelp(command, word)) return undefined;
    if (word === "--") {
      positionals.push(...args.slice(i + 1));
      break;
    }
    if (!looksLikeOption(word)) {
      positionals.push(word);
      continue;
    }
    const { option, value: attached } = findOption(command, word);
    const value = attached ?? (option.takes === "nothing" ? "" : argumentOf(command, option, args[++i]));
    if (option.takes === "nothing" && attached !== undefined) {
      throw usageError(command, `argument ${option.names.join("/")}: ignored explicit argument '${attached}'`);
    }
    if (option.takes === "number" && !/^\s*[+-]?\d+\s*$/.test(value)) {
      throw usageError(command, `argument ${option.names.join("/")}: invalid int value: '${value}'`);
    }
    const name = keyOf(option);
    values.set(name, option.takes === "list" ? [...(values.get(name) ?? []), value] : [value]);
  }
  requirePositionals(command, positionals);
  return {
    positionals,
    flag: (name) => values.has(name),
    text: (name) => values.get(name)?.[0],
    number: (name) => (values.has(name) ? Number(values.get(name)?.[0]) : undefined),
    list: (name) => values.get(name) ?? [],
  };
}

function requirePositionals(command: CommandSpec, given: readonly string[]): void {
  const missing = command.positionals.slice(given.length);
  if (missing.length > 0) throw usageError(command, `the following arguments are required: ${missing.join(", ")}`);
  const more = given.slice(command.positionals.length);
  if (more.length > 0) throw unrecognized(command, more);
}

function unrecognized(command: CommandSpec, words: readonly string[]): BelayError {
  return usageError(command, `unrecognized arguments: ${words.join(" ")}`);
}

/** Tells options from values: a negative number, a lone dash and text with blanks are values. */
export function looksLikeOption(word: string): boolean {
  if (!word.startsWith("-") || word === "-" || /^-\d+$|^-\d*\.\d+$/.test(word)) return false;
  return !word.includes(" ") || /^--[\w-]+=/.test(word) || /^-[a-z]=/.test(word);
}

// Cut short like any other; no option of a sub-command begins like it.
function asksForHelp({ options }: CommandSpec, word: string): boolean {
  if (word === "-h" || word === "--help") return true;
  return isCutShort(word, "--help") && !options.some((option) => `--${keyOf(option)}`.startsWith(word));
}

/** Tells whether a word is an option, or its beginning. */
export const isCutShort = (word: string, option: string): boolean => word.length > 2 && option.startsWith(word);

function findOption(command: CommandSpec, word: string): { option: OptionSpec; value: string | undefined } {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  const value = equals < 0 ? undefined : word.slice(equals + 1);
  const exact = command.options.find(({ names }) => names.includes(name));
  if (exact !== undefined) return { option: exact, value };
  const short = command.options.find(({ names }) => !word.startsWith("--") && names.includes(word.slice(0, 2)));
  if (short !== undefined) return { option: short, value: word.slice(2) };
  const matching = name.startsWith("--")
    ? command.options.filter((option) => `--${keyOf(option)}`.startsWith(name))
    : [];
  const [only] = matching;
  if (only === undefined) throw unrecognized(command, [word]);
  if (matching.length === 1) return { option: only, value };
  const candidates = matching.map((option) => `--${keyOf(option)}`).join(", ");
  throw usageError(command, `ambiguous option: ${name} could match ${candidates}`);
}

function argumentOf(command: CommandSpec, { names }: OptionSpec, next: string | undefined): string {
  if (next !== undefined && !looksLikeOption(next)) return next;
  throw usageError(command, `argument ${names.join("/")}: expected one argument`);
}

function keyOf({ names }: OptionSpec): string {
  return (names.at(-1) ?? "").replace(/^-+/, "");
}

function metavar(names: readonly string[]): string {
  return (names.at(-1) ?? "").replace(/^-+/, "").replaceAll("-", "_").toUpperCase();
}
