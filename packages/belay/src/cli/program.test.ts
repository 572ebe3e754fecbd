import { spawnSync } from "node:child_process";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { bashCompletion } from "./completion.ts";
import { makeProgram } from "./program.ts";

interface Leaf {
  readonly path: string;
  readonly command: Command;
}

function leaves(command: Command, path: readonly string[]): Leaf[] {
  if (command.commands.length === 0) return [{ path: path.join(" "), command }];
  return command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
}

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

test.each(leaves(makeProgram(), ["belay"]))("$path has a summary and an example in its help", ({ path, command }) => {
  expect(command.summary()).not.toBe("");
  expect(helpOf(command)).toMatch(new RegExp(`Examples?:\\n[^]*${path}`));
});

test("the completion offers the commands, and the options of a command that has got arguments", () => {
  const complete = (...words: string[]): string[] => {
    const script = `${bashCompletion(makeProgram())}
      COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      _belay 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return spawnSync("bash", ["-c", script], { encoding: "utf8" })
      .stdout.split("\n")
      .filter((word) => word !== "");
  };
  expect(complete("belay", "")).toEqual(expect.arrayContaining(["wcfs", "zodb", "doctor"]));
  expect(complete("belay", "wcfs", "st")).toEqual(["start", "status", "stop"]);
  expect(complete("belay", "wcfs", "import", "big.bin", "--re")).toEqual(["--resume"]);
});
