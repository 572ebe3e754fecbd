import type { Engine, EngineChoice } from "../../engine/engine.ts";
import { findEngine } from "../../engine/engine.ts";
import type { Values } from "../argparse/spec.ts";
import type { Talk } from "../talk.ts";

/** One call of a subcommand. */
export interface Invocation {
  readonly values: Values;
  /** Words the command line's grammar does not know: they are the engine's. */
  readonly rest: readonly string[];
  readonly talk: Talk;
  readonly quiet: boolean;
  readonly engineChoice: EngineChoice;
  /** Path or name the program was called by. */
  readonly program: string;
  /** `compatible` for the Python tool's command line. */
  readonly mode: "compatible" | "full";
}

/** A subcommand: does its work, answers the exit status. Errors are mapped by the caller. */
export type CommandFunction = (invocation: Invocation) => Promise<number>;

/** The engine the command line asks for. @throws BelayError `ENOENGINE` */
export function engineFor(invocation: Invocation): Promise<Engine> {
  return findEngine(invocation.engineChoice);
}
