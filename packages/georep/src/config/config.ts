import { BugError } from "@belay/supervise";
import { parseInteger, parseTruth, problemOf } from "./check-value.ts";
import { options, type Option } from "./options.ts";
import { fillTemplate, type Variables } from "./template.ts";

/** The options of a session as they are in force. */
export interface Config {
  /** The session's file, whether or not it exists. */
  readonly file: string;
  /** Names of the options that have a value, and of what else the session's file holds, sorted. */
  readonly names: readonly string[];
  /** What was wrong in the files, a sentence each; the defaults are in force there. */
  readonly problems: readonly string[];
  /** A value as it is printed: templates filled in, numbers in decimal, `true` and `false`. Empty for an option without a value. */
  text(name: string): string;
  int(name: string): number;
  flag(name: string): boolean;
  /** A value cut at blanks, empty words left out. */
  words(name: string): string[];
  /** Tells whether the session's file sets the option. */
  isModified(name: string): boolean;
  /** Tells whether the command line or the session's file sets the option, be it to its default. */
  isSet(name: string): boolean;
  /** The value that would be in force if the session's file did not set it, templates not filled in; undefined when there is none. */
  defaultText(name: string): string | undefined;
}

/** What a configuration is made of. */
export interface ConfigValues {
  readonly file: string;
  /** Defaults of this machine, by option. */
  readonly machine: ReadonlyMap<string, string>;
  /** What the session's file sets, by option. */
  readonly session: ReadonlyMap<string, string>;
  /** What else stands in the session's file; shown, and of no consequence. */
  readonly unknown?: ReadonlyMap<string, string>;
  /** What the command line sets, by option. */
  readonly commandLine: ReadonlyMap<string, string>;
  /** What `${name}` stands for besides options. */
  readonly variables: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

/** Puts the values together: the command line comes before the session's file, that before the machine's, that before the built-in ones. */
export function createConfig(values: ConfigValues): Config {
  const problems = [...values.problems];
  const session = usable(values.session, values.file, problems);
  const machine = usable(values.machine, "the defaults of this machine", problems);
  const fallback = (name: string) => machine.get(name) ?? options.get(name)?.fallback;
  const raw = (name: string) => values.commandLine.get(name) ?? session.get(name) ?? fallback(name);
  const variables: Variables = (name) => values.variables.get(name) ?? raw(name.replaceAll("_", "-"));
  const shown = (option: Option, value: string | undefined) => value && print(option, value, variables);
  const { unknown = new Map<string, string>() } = values;
  const text = (name: string) => unknown.get(name) ?? shown(optionNamed(name), raw(name)) ?? "";
  return {
    file: values.file,
    names: [...unknown.keys(), ...[...options.keys()].filter((name) => raw(name) !== undefined)].sort(),
    problems,
    text,
    int: (name) => parseInteger(text(name)) ?? 0,
    flag: (name) => text(name) === "true",
    words: (name) => text(name).split(/\s+/).filter(Boolean),
    isModified: (name) => session.has(name) || unknown.has(name),
    isSet: (name) => values.commandLine.has(name) || session.has(name),
    defaultText: fallback,
  };
}

function optionNamed(name: string): Option {
  const option = options.get(name);
  if (option === undefined) throw new BugError(`there is no option ${name}`);
  return option;
}

function print(option: Option, value: string, variables: Variables): string {
  if (option.type === "int") return String(parseInteger(value) ?? value);
  if (option.type === "bool") return String(parseTruth(value) ?? value);
  return option.template ? fillTemplate(value, variables) : value;
}

/** The values that can be used; the others are named in `problems`. */
function usable(given: ReadonlyMap<string, string>, where: string, problems: string[]): ReadonlyMap<string, string> {
  const kept = new Map<string, string>();
  for (const [name, value] of given) {
    const option = options.get(name);
    if (option === undefined) continue;
    if (isReadable(option, value)) kept.set(name, value);
    else problems.push(`${where}: ${name} = ${JSON.stringify(value)} is not possible, the default is used`);
  }
  return kept;
}

// More is let through than may be set: programs come and go, and a checkpoint of 0 means that there is none.
function isReadable({ type, check }: Option, value: string): boolean {
  const number = type === "int" ? parseInteger(value) : undefined;
  if (type === "int" && number === undefined) return false;
  if (type === "bool") return parseTruth(value) !== undefined;
  if (check.kind === "parsed") return problemOf(check.parse, value) === undefined;
  if (check.kind === "choice") return check.of.includes(value);
  if (check.kind === "range") return number !== undefined && number >= check.min && number <= check.max;
  return true;
}
