/** An option: `flag` takes no value, `value` exactly one, `list` any number of words that are not options. */
export interface OptionSpec {
  readonly flags: readonly string[];
  readonly dest: string;
  readonly kind: "flag" | "value" | "list" | "help";
  readonly help: string;
  readonly required?: boolean;
  readonly choices?: readonly string[];
  /** Reads the text given; `undefined` says that it is not of this type. */
  readonly type?: ArgumentType;
}

/** A conversion that has a name for the error message (`invalid int value`). */
export interface ArgumentType {
  readonly name: string;
  readonly read: (text: string) => string | number | undefined;
  /** Choices are shown unquoted where they are not plain strings to the program that defined them. */
  readonly bareChoices?: boolean;
}

/** A word that is no option; an optional one may be left out. */
export interface PositionalSpec {
  readonly dest: string;
  readonly help: string;
  readonly optional?: boolean;
}

/** A subcommand: what it takes, and the line that describes it. */
export interface CommandSpec {
  readonly name: string;
  readonly help: string;
  readonly options: readonly OptionSpec[];
  readonly positionals: readonly PositionalSpec[];
  /** For the usage line: what the words are for that nobody knows. */
  readonly tail?: string;
  /** Words that nobody knows are a mistake. Without it they are the engine's. */
  readonly closed?: boolean;
}

/** The whole program. `usage` replaces the generated line of the program itself. */
export interface ProgramSpec {
  readonly prog: string;
  readonly usage: string;
  /** What stands before the name of a subcommand in its usage line. Default: `usage`, as argparse has it. */
  readonly before?: string;
  readonly description: string;
  readonly options: readonly OptionSpec[];
  readonly commands: readonly CommandSpec[];
}

/** What was given, by `dest`. Absent options have no entry. */
export type Values = ReadonlyMap<string, string | number | boolean | readonly string[]>;

/** A command line understood: the subcommand, its values, and the words nobody knew, in order. */
export interface Parsed {
  readonly command: CommandSpec | undefined;
  readonly values: Values;
  readonly rest: readonly string[];
}

/** Parsing ended the program: help was asked for (status 0, stdout) or the command line is wrong (status 2, stderr). */
export class ParseExit extends Error {
  readonly status: 0 | 2;
  constructor(status: 0 | 2, text: string) {
    super(text);
    this.name = "ParseExit";
    this.status = status;
  }
}

/** `-h` as every program of this family has it, always first. */
export const helpOption: OptionSpec = {
  flags: ["-h", "--help"],
  dest: "help",
  kind: "help",
  help: "show this help message and exit",
};
