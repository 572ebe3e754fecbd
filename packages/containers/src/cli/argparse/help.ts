import type { CommandSpec, OptionSpec, ProgramSpec } from "./spec.ts";
import { optionArguments, textWidth, usageLine } from "./usage.ts";

interface Entry {
  readonly label: string;
  readonly text: string;
  readonly depth: number;
}

// Words may be broken after a hyphen between letters, as Python's textwrap breaks them.
function pieces(text: string): string[] {
  return text
    .trim()
    .split(/\s+/)
    .flatMap((word, index) => {
      const parts = word.split(/(?<=\w[^\W\d]-)(?=\w[^\W\d])/);
      return index === 0 ? parts : [` ${parts[0] ?? ""}`, ...parts.slice(1)];
    });
}

function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of pieces(text)) {
    if (line !== "" && line.length + piece.length > width) {
      lines.push(line);
      line = piece.trimStart();
    } else line += line === "" ? piece.trimStart() : piece;
  }
  if (line !== "") lines.push(line);
  return lines;
}

function invocation(option: OptionSpec): string {
  return option.flags.map((flag) => flag + optionArguments(option)).join(", ");
}

function formatEntry(entry: Entry, helpPosition: number, width: number): string {
  const indent = " ".repeat(entry.depth);
  if (entry.text === "") return `${indent}${entry.label}\n`;
  const room = helpPosition - entry.depth - 2;
  const [first = "", ...more] = wrapText(entry.text, Math.max(width - helpPosition, 11));
  const pad = " ".repeat(helpPosition);
  const head =
    entry.label.length <= room
      ? `${indent}${entry.label.padEnd(room)}  ${first}\n`
      : `${indent}${entry.label}\n${pad}${first}\n`;
  return head + more.map((line) => `${pad}${line}\n`).join("");
}

function sections(parts: readonly (readonly [string, readonly Entry[]])[], width: number): string {
  const longest = Math.max(...parts.flatMap(([, entries]) => entries.map((e) => e.label.length + e.depth)));
  const position = Math.min(longest + 2, Math.min(24, Math.max(width - 20, 4)));
  return parts
    .filter(([, entries]) => entries.length > 0)
    .map(([title, entries]) => `\n${title}:\n${entries.map((e) => formatEntry(e, position, width)).join("")}`)
    .join("");
}

/** What `COMMAND --help` prints. */
export function commandHelp(prog: string, command: CommandSpec, width = textWidth()): string {
  const entry = (label: string, text: string): Entry => ({ label, text, depth: 2 });
  const positionals = command.positionals.map((p) => entry(p.dest, p.help));
  const options = command.options.map((o) => entry(invocation(o), o.help));
  const body = sections([["positional arguments", positionals], ["options", options]], width); // prettier-ignore
  return usageLine(prog, command, width) + body;
}

/** What `--help` of the program itself prints. */
export function programHelp(program: ProgramSpec, width = textWidth()): string {
  const options = program.options.map((o) => ({ label: invocation(o), text: o.help, depth: 2 }));
  const names = { label: `{${program.commands.map((c) => c.name).join(",")}}`, text: "", depth: 2 };
  const commands = program.commands.map((c) => ({ label: c.name, text: c.help, depth: 4 }));
  const body = sections([["options", options], ["subcommands", [names, ...commands]]], width); // prettier-ignore
  return `usage: ${program.usage}\n\n${program.description}\n${body}`;
}
