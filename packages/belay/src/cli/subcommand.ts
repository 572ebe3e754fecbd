import type { Command } from "commander";

/** Adds a command with the settings that commander does not hand down by itself. */
export function subcommand(parent: Command, usage: string, summary: string): Command {
  return parent.command(usage).summary(summary).description(summary).copyInheritedSettings(parent);
}
