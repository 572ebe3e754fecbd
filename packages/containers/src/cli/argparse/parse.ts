/**
 * Command lines read as Python 3.11's argparse reads them with `parse_known_args`: options may be shortened, may stand anywhere,
 * and what nobody knows is handed on in order. Scripts written for the Python tool rely on each of these rules, so
 * a parser with saner ones would not be a drop-in.
 */
import { commandHelp, programHelp } from "./help.ts";
import { ParseExit } from "./spec.ts";
import type { CommandSpec, OptionSpec, Parsed, PositionalSpec, ProgramSpec } from "./spec.ts";
import { usageLine } from "./usage.ts";

type Value = string | number | boolean | readonly string[];

/** One word seen as an option: which, by what spelling, with what stuck to it; `option` absent: unknown. */
interface Seen {
  readonly option?: OptionSpec;
  readonly flag: string;
  readonly attached?: string | undefined;
}

interface Grammar {
  readonly options: readonly OptionSpec[];
  readonly positionals: readonly PositionalSpec[];
  /** The program's own level: the first word that is no option takes all the rest. */
  readonly greedy?: boolean;
  readonly help: () => string;
  readonly fail: (message: string) => never;
}

interface Outcome {
  readonly values: Map<string, Value>;
  readonly rest: string[];
  readonly tail: readonly string[];
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

function candidates(grammar: Grammar, word: string): Seen[] {
  const all = grammar.options.flatMap((option) => option.flags.map((flag) => ({ option, flag })));
  if (word.startsWith("--")) {
    const at = word.indexOf("=");
    const prefix = at < 0 ? word : word.slice(0, at);
    const attached = at < 0 ? undefined : word.slice(at + 1);
    return all.filter(({ flag }) => flag.startsWith(prefix)).map((seen) => ({ ...seen, attached }));
  }
  const short = word.slice(0, 2);
  return all.flatMap((seen) =>
    seen.flag === short ? [{ ...seen, attached: word.slice(2) }] : seen.flag.startsWith(word) ? [seen] : [],
  );
}

function exactly(grammar: Grammar, flag: string): OptionSpec | undefined {
  return grammar.options.find((option) => option.flags.includes(flag));
}

/** Tells what a word is: an option (known or not), or `undefined` for a plain argument. */
function classify(grammar: Grammar, word: string): Seen | undefined {
  if (!word.startsWith("-")) return undefined;
  const option = exactly(grammar, word);
  if (option !== undefined) return { option, flag: word };
  if (word.length === 1) return undefined;
  const at = word.indexOf("=");
  const named = at < 0 ? undefined : exactly(grammar, word.slice(0, at));
  if (named !== undefined) return { option: named, flag: word.slice(0, at), attached: word.slice(at + 1) };
  const found = candidates(grammar, word);
  if (found.length > 1) {
    grammar.fail(`ambiguous option: ${word} could match ${found.map((seen) => seen.flag).join(", ")}`);
  }
  if (found[0] !== undefined) return found[0];
  if (/^-\d+$|^-\d*\.\d+$/.test(word) || word.includes(" ")) return undefined;
  return { flag: word };
}

function classifyAll(grammar: Grammar, words: readonly string[]): { seen: Map<number, Seen>; pattern: string } {
  const seen = new Map<number, Seen>();
  const end = words.indexOf("--");
  let pattern = "";
  for (const [index, word] of words.entries()) {
    const found = end >= 0 && index >= end ? undefined : classify(grammar, word);
    if (found !== undefined) seen.set(index, found);
    pattern += index === end ? "-" : found === undefined ? "A" : "O";
  }
  return { seen, pattern };
}

function optionName(option: OptionSpec): string {
  return `argument ${option.flags.join("/")}: `;
}

function convert(grammar: Grammar, option: OptionSpec, text: string): string | number {
  const value = option.type === undefined ? text : option.type.read(text);
  if (value === undefined) {
    return grammar.fail(`${optionName(option)}invalid ${option.type?.name ?? "str"} value: ${quoted(text)}`);
  }
  if (option.choices !== undefined && !option.choices.includes(String(value))) {
    const shown = option.type?.bareChoices === true ? option.choices : option.choices.map(quoted);
    grammar.fail(`${optionName(option)}invalid choice: ${quoted(String(value))} (choose from ${shown.join(", ")})`);
  }
  return value;
}

function apply(grammar: Grammar, values: Map<string, Value>, option: OptionSpec, words: readonly string[]): void {
  if (option.kind === "help") throw new ParseExit(0, grammar.help());
  if (option.kind === "flag") values.set(option.dest, true);
  else if (option.kind === "list") values.set(option.dest, words);
  else values.set(option.dest, convert(grammar, option, words[0] ?? ""));
}

/** Takes the option at `start` with its arguments; answers the index behind them. */
function takeOption(
  grammar: Grammar,
  out: Outcome,
  words: readonly string[],
  start: number,
  first: Seen,
  pattern: string,
) {
  const taken: [OptionSpec, readonly string[]][] = [];
  let { option, flag, attached } = first;
  let stop = start + 1;
  if (option === undefined) {
    out.rest.push(words[start] ?? "");
    return stop;
  }
  while (attached !== undefined && (option.kind === "flag" || option.kind === "help")) {
    if (flag.startsWith("--") || attached === "")
      grammar.fail(`${optionName(option)}ignored explicit argument ${quoted(attached)}`);
    taken.push([option, []]);
    flag = `-${attached.charAt(0)}`;
    const next = exactly(grammar, flag);
    if (next === undefined) return grammar.fail(`${optionName(option)}ignored explicit argument ${quoted(attached)}`);
    option = next;
    attached = attached.slice(1) || undefined;
    if (attached === undefined) break;
  }
  if (attached !== undefined) taken.push([option, [attached]]);
  else {
    const free = /^A*/.exec(pattern.slice(stop))?.[0].length ?? 0;
    if (option.kind === "value" && free === 0) grammar.fail(`${optionName(option)}expected one argument`);
    const count = option.kind === "list" ? free : option.kind === "value" ? 1 : 0;
    taken.push([option, words.slice(stop, stop + count)]);
    stop += count;
  }
  for (const [each, args] of taken) apply(grammar, out.values, each, args);
  return stop;
}

function positionalPattern(positional: PositionalSpec, greedy: boolean): string {
  if (greedy) return "(-*A[-AO]*)";
  return positional.optional === true ? "(-*A?-*)" : "(-*A-*)";
}

/** As many of the positionals as the words from here can fill; answers how many words each takes. */
function fillPositionals(left: readonly PositionalSpec[], pattern: string, greedy: boolean): number[] {
  for (let count = left.length; count > 0; count--) {
    const expression = left.slice(0, count).map((p) => positionalPattern(p, greedy)).join(""); // prettier-ignore
    const match = new RegExp(`^${expression}`).exec(pattern);
    if (match !== null) return match.slice(1).map((group) => group.length);
  }
  return [];
}

function parseLevel(grammar: Grammar, words: readonly string[]): Outcome {
  const { seen, pattern } = classifyAll(grammar, words);
  let tail: readonly string[] = [];
  const out = { values: new Map<string, Value>(), rest: [] as string[], tail };
  const left = [...grammar.positionals];
  const takePositionals = (from: number): number => {
    let at = from;
    for (const count of fillPositionals(left, pattern.slice(from), grammar.greedy === true)) {
      const positional = left.shift();
      const given = words.slice(at, at + count);
      at += count;
      if (grammar.greedy === true) tail = given;
      else {
        const value = given.find((word, index) => word !== "--" || given.indexOf("--") !== index);
        if (positional !== undefined && value !== undefined) out.values.set(positional.dest, value);
      }
    }
    return at;
  };
  const last = Math.max(-1, ...seen.keys());
  let at = 0;
  while (at <= last) {
    const from = at;
    const next = Math.min(...[...seen.keys()].filter((index) => index >= from));
    if (at !== next) {
      at = takePositionals(at);
      if (at > from) continue;
    }
    out.rest.push(...words.slice(at, next));
    const first = seen.get(next);
    at = first === undefined ? next + 1 : takeOption(grammar, out, words, next, first, pattern);
  }
  out.rest.push(...words.slice(takePositionals(at)));
  requireAll(grammar, out.values, left);
  return { ...out, tail };
}

function requireAll(grammar: Grammar, values: ReadonlyMap<string, Value>, left: readonly PositionalSpec[]): void {
  if (grammar.greedy === true) return;
  const options = grammar.options.filter((option) => option.required === true && !values.has(option.dest));
  const missing = [
    ...options.map((option) => option.flags.join("/")),
    ...left.filter((positional) => positional.optional !== true).map((positional) => positional.dest),
  ];
  if (missing.length > 0) grammar.fail(`the following arguments are required: ${missing.join(", ")}`);
}

function parseCommand(program: ProgramSpec, command: CommandSpec, words: readonly string[]): Outcome {
  const prog = `${program.before ?? program.usage} ${command.name}`;
  const fail = (message: string): never => {
    throw new ParseExit(2, `${usageLine(prog, command)}${prog}: error: ${message}\n`);
  };
  const outcome = parseLevel({ ...command, help: () => commandHelp(prog, command), fail }, words);
  if (command.closed === true && outcome.rest.length > 0) fail(`unrecognized arguments: ${outcome.rest.join(" ")}`);
  return outcome;
}

/**
 * Reads a command line.
 *
 * @throws ParseExit for `--help` and for mistakes, with the text to print
 */
export function parseKnown(program: ProgramSpec, words: readonly string[]): Parsed {
  const fail = (message: string): never => {
    throw new ParseExit(2, `usage: ${program.usage}\n${program.prog}: error: ${message}\n`);
  };
  const names = program.commands.map((command) => command.name);
  const subcommand = { dest: "command", help: "" };
  const top = parseLevel(
    { options: program.options, positionals: [subcommand], greedy: true, help: () => programHelp(program), fail },
    words,
  );
  const [name, ...args] = top.tail;
  if (name === undefined) return { command: undefined, values: top.values, rest: top.rest };
  const command = program.commands.find((each) => each.name === name);
  if (command === undefined) {
    return fail(
      `argument {${names.join(",")}}: invalid choice: ${quoted(name)} (choose from ${names.map(quoted).join(", ")})`,
    );
  }
  const sub = parseCommand(program, command, args);
  return { command, values: new Map([...top.values, ...sub.values]), rest: [...top.rest, ...sub.rest] };
}
