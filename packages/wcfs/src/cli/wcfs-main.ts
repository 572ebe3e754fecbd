/**
 * The command `wcfs`, which is two programs under one name.
 *
 * Launchers run it as the server: `wcfs [OPTIONS] zurl mntpt`. People run it as the front end: `wcfs serve|start|status|stop … zurl`.
 * The first argument tells: a command of the front end, or anything else, which is the server's.
 */
import { existsSync } from "node:fs";
import { frontEndUsage, isFrontEndCommand } from "./front-end-commands.ts";
import { frontEndMain, runServer } from "./lazy.ts";
import { probeCommand, probeMain } from "../launcher/probe-command.ts";
import { goQuote } from "../launcher/go-quote.ts";

/** Runs `wcfs`. @returns the exit code */
export async function wcfsMain(args: readonly string[]): Promise<number> {
  const [command] = args;
  if (command === undefined) return refuse(frontEndUsage("wcfs"));
  if (isFrontEndCommand(command)) return frontEndMain(command, args.slice(1));
  if (command === probeCommand) return probeMain(args.slice(1));
  if (looksMistyped(command)) return refuse(`wcfs: unknown command ${goQuote(command)}\n`);
  return runServer(args);
}

// A bare word can only be a zurl as the relative path of a database that is there.
function looksMistyped(word: string): boolean {
  return /^[a-z][a-z-]*$/.test(word) && !existsSync(word);
}

function refuse(text: string): number {
  process.stderr.write(text);
  return 2;
}
