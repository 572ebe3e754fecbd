import type { Command } from "commander";
import { userError } from "@belay/supervise";
import { subcommand } from "./subcommand.ts";

/** `belay completion bash`: a script that completes commands and options, made from the command tree itself. */
export function addCompletionCommand(program: Command): void {
  subcommand(program, "completion", "print a completion script for the shell")
    .argument("<shell>", "bash")
    .addHelpText("after", "\nExample:\n  belay completion bash > ~/.local/share/bash-completion/completions/belay")
    .action((shell: string) => {
      if (shell !== "bash")
        throw userError("EUSAGE", `no completions for ${shell}`, { hint: "there are some for bash" });
      process.stdout.write(bashCompletion(program));
    });
}

/** The script for bash: one line of words for each command. */
export function bashCompletion(program: Command): string {
  // The deepest first: the first pattern that fits wins, and each also fits what follows its command.
  const cases = commandsBelow(program, [])
    .sort((a, b) => b.path.length - a.path.length)
    .map(({ path, words }) => `    ${JSON.stringify(path)}*) words=${JSON.stringify(words)} ;;`);
  return `_belay() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="$path$word " ;; esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -gt 0 ] || compopt -o default
}
complete -F _belay belay
`;
}

interface CompletedCommand {
  /** Names of the command and its parents, a blank after each. */
  readonly path: string;
  readonly words: string;
}

function commandsBelow(command: Command, parents: readonly string[]): CompletedCommand[] {
  const words = [
    ...command.commands.map((child) => child.name()),
    ...command.options.map((option) => option.long ?? option.short ?? ""),
    "--help",
  ];
  const own = { path: parents.map((name) => `${name} `).join(""), words: words.join(" ") };
  return [own, ...command.commands.flatMap((child) => commandsBelow(child, [...parents, child.name()]))];
}
