/**
 * Command lines as Go's flag package reads them, because those who start `wcfs` write them so: `-x` and `--x` are the same, a value
 * follows as `-x=v` or `-x v`, a boolean takes one only with `=`, and the first argument that is no flag (or `--`) ends them.
 */

/** One flag: how its value is read and shown. */
export interface Flag<T> {
  readonly kind: "bool" | "duration" | "int" | "string" | "severity";
  readonly default: T;
  readonly help: string;
  /** The value, or undefined when the text is none. */
  parse(text: string): T | undefined;
  show(value: T): string;
}

/** A set of flags by name, without dashes. */
export type FlagSet = Readonly<Record<string, Flag<never>>>;

type Values<S> = { -readonly [K in keyof S]: S[K] extends Flag<infer T> ? T : never };

/** What a command line said. */
export type ParsedFlags<S> =
  | { readonly ok: true; readonly values: Values<S>; readonly rest: readonly string[] }
  | { readonly ok: false; readonly help: boolean; readonly message: string };

/** Splits `args` (without the program's name) into the flags of `set` and the rest. */
export function parseFlags<S extends Record<string, unknown>>(set: S, args: readonly string[]): ParsedFlags<S> {
  const values = defaults(set);
  let next = 0;
  while (next < args.length) {
    const arg = args[next] ?? "";
    if (!/^-./.test(arg)) break;
    next++;
    if (arg === "--") break;
    const flag = split(arg);
    if (flag === undefined) return refuse(`bad flag syntax: ${arg}`);
    if (!Object.hasOwn(set, flag.name)) return unknown(flag.name);
    const spec = set[flag.name] as Flag<unknown>;
    const text = flag.value ?? (spec.kind === "bool" ? "true" : args[next++]);
    if (text === undefined) return refuse(`flag needs an argument: -${flag.name}`);
    const value = spec.parse(text);
    if (value === undefined) return refuse(badValue(spec, flag.name, text));
    values[flag.name] = value;
  }
  return { ok: true, values: values as Values<S>, rest: args.slice(next) };
}

/** The list of flags, one or two lines each, in order of name. */
export function describeFlags(set: Readonly<Record<string, unknown>>): string {
  return Object.keys(set)
    .sort()
    .map((name) => describe(name, set[name] as Flag<unknown>))
    .join("");
}

function defaults(set: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(set).map(([name, flag]) => [name, (flag as Flag<unknown>).default]));
}

function split(arg: string): { name: string; value: string | undefined } | undefined {
  const body = arg.replace(/^--?/, "");
  if (/^[-=]/.test(body) || body === "") return undefined;
  const equals = body.indexOf("=");
  return equals < 0 ? { name: body, value: undefined } : { name: body.slice(0, equals), value: body.slice(equals + 1) };
}

function unknown(name: string): ParsedFlags<never> {
  if (name === "h" || name === "help") return { ok: false, help: true, message: "" };
  return refuse(`flag provided but not defined: -${name}`);
}

function refuse(message: string): ParsedFlags<never> {
  return { ok: false, help: false, message };
}

function badValue(spec: Flag<unknown>, name: string, text: string): string {
  const quoted = JSON.stringify(text);
  return spec.kind === "bool"
    ? `invalid boolean value ${quoted} for -${name}: parse error`
    : `invalid value ${quoted} for flag -${name}: parse error`;
}

function describe(name: string, flag: Flag<unknown>): string {
  const type = flag.kind === "bool" ? "" : ` ${flag.kind}`;
  const shown = flag.show(flag.default);
  const byDefault = shown === "" || shown === "false" ? "" : ` (default ${shown})`;
  return `  -${name}${type}\n    \t${flag.help}${byDefault}\n`;
}
