import type { CommandSpec, OptionSpec, PositionalSpec } from "./spec.ts";

const PREFIX = "usage: ";

/** Columns to write in: two less than the terminal has, as Python's argparse does it (COLUMNS, the terminal, 80). */
export function textWidth(): number {
  const fromEnvironment = Number.parseInt(process.env["COLUMNS"] ?? "", 10);
  if (fromEnvironment > 0) return fromEnvironment - 2;
  return (process.stdout.columns || 80) - 2;
}

/** The name of an option's value in usage lines. */
export function optionArguments(option: OptionSpec): string {
  const name = option.choices === undefined ? option.dest.toUpperCase() : `{${option.choices.join(",")}}`;
  return option.kind === "list" ? ` [${name} ...]` : option.kind === "value" ? ` ${name}` : "";
}

function optionPart(option: OptionSpec): string {
  const text = `${option.flags[0] ?? ""}${optionArguments(option)}`;
  return option.required === true ? text : `[${text}]`;
}

function positionalPart(positional: PositionalSpec): string {
  return positional.optional === true ? `[${positional.dest}]` : positional.dest;
}

function fill(parts: readonly string[], indent: string, firstLength: number, width: number): string[] {
  const lines: string[] = [];
  let line: string[] = [];
  let length = firstLength;
  for (const part of parts) {
    if (length + 1 + part.length > width && line.length > 0) {
      lines.push(indent + line.join(" "));
      line = [];
      length = indent.length - 1;
    }
    line.push(part);
    length += part.length + 1;
  }
  if (line.length > 0) lines.push(indent + line.join(" "));
  return lines;
}

function wrapped(prog: string, options: string[], positionals: string[], width: number): string {
  if (PREFIX.length + prog.length <= 0.75 * width) {
    const indent = " ".repeat(PREFIX.length + prog.length + 1);
    const lines = fill([prog, ...options], indent, PREFIX.length - 1, width);
    lines[0] = lines[0]?.slice(indent.length) ?? prog;
    return [...lines, ...fill(positionals, indent, indent.length - 1, width)].join("\n");
  }
  const indent = " ".repeat(PREFIX.length);
  const filled = (parts: string[]): string[] => fill(parts, indent, indent.length - 1, width);
  const together = filled([...options, ...positionals]);
  return [prog, ...(together.length > 1 ? [...filled(options), ...filled(positionals)] : together)].join("\n");
}

/** The usage line of a subcommand, wrapped as argparse of Python 3.11 wraps it, with its newline. */
export function usageLine(prog: string, command: CommandSpec, width = textWidth()): string {
  const options = command.options.map(optionPart);
  const positionals = [...command.positionals.map(positionalPart), ...(command.tail === undefined ? [] : [command.tail])]; // prettier-ignore
  const line = [prog, ...options, ...positionals].join(" ");
  const fits = PREFIX.length + line.length <= width;
  return `${PREFIX}${fits ? line : wrapped(prog, options, positionals, width)}\n`;
}
