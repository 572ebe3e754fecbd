import { callDroppable, callForOutput } from "./call.ts";
import type { CallOutput, DroppableCall } from "./call.ts";
import { findEngine } from "./engine.ts";
import type { Engine, EngineChoice } from "./engine.ts";
import { isNativeProgram } from "./native.ts";

/** An engine that is being looked for, and its answer to a question. */
export interface Asked {
  /** Rejects as {@link findEngine} does. */
  readonly engine: Promise<Engine>;
  /** Rejects as {@link Asked.engine} does, and with errno errors of spawning. */
  readonly answer: Promise<CallOutput>;
}

/** A question that was put to a candidate which may turn out to be no engine. */
interface Early extends DroppableCall {
  readonly candidate: Engine;
}

/**
 * Looks for the engine and asks it something.
 *
 * Half the time of a build that has nothing to do is the start of the engine's client, twice. So the first candidate of this machine is asked
 * right behind its `version`, before that has answered: it sees the same calls in the same order, the second a little earlier. If it
 * refuses, it is not waited for, and the question is put to the engine that is found. Never so through sudo, which writes down every call, and never
 * where a script stands for the engine.
 *
 * @param question arguments of a call that changes nothing
 */
export function askEngine(choice: EngineChoice, question: readonly string[]): Asked {
  let early: Early | undefined;
  const engine = findEngine(choice, (candidate) => {
    const [program = ""] = candidate.command;
    if (program !== "sudo" && isNativeProgram(program)) early = { candidate, ...callDroppable(candidate, question) };
  });
  const answer = answerOf(engine, question, () => early);
  // Whoever waits for the engine hears of its failure there.
  answer.catch(() => undefined);
  return { engine, answer };
}

async function answerOf(
  engine: Promise<Engine>,
  question: readonly string[],
  early: () => Early | undefined,
): Promise<CallOutput> {
  const found = await engine.catch(() => undefined);
  const asked = early();
  if (asked !== undefined && asked.candidate === found) return await asked.output;
  asked?.drop();
  return await callForOutput(await engine, question);
}
