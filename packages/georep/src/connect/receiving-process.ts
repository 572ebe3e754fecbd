import type { Readable, Writable } from "node:stream";

import {
  BelayError,
  hasCode,
  sleep,
  spawnProcess,
  toError,
  type Ledger,
  type SupervisedProcess,
} from "@belay/supervise";

import { faultError, faultOf, type Fault } from "../monitor/fault.ts";
import { secondaryFault } from "./ssh-fault.ts";

/** How to reach a receiving end. */
export interface ReachOptions {
  /** Program and arguments; it speaks the protocol at its stdin and stdout. */
  readonly command: readonly string[];
  readonly viaSsh: boolean;
  readonly ledger: Ledger | undefined;
  /** What it says on stderr is passed on, too. */
  readonly isHeard?: boolean;
}

/** A process that leads to a receiving end. Disposing of it ends it. */
export interface ReceivingProcess extends AsyncDisposable {
  readonly input: Readable;
  readonly output: Writable;
  /** Why something went wrong there: a pipe that broke says nothing, the process behind it may. */
  readonly explain: (error: unknown) => Promise<Error>;
}

/** Time for a receiving end to end by itself once it is told to, and to say why it ended, in milliseconds. */
const endMs = 250;

/**
 * Starts a receiving end, in our process group.
 *
 * @throws BelayError with the reason `no-program`
 */
export async function startReceiving({
  command,
  viaSsh,
  ledger,
  isHeard = false,
}: ReachOptions): Promise<ReceivingProcess> {
  const stderr = isHeard ? "tee" : "capture";
  const pipes = { stdin: "pipe", stdout: "pipe", stderr } as const;
  const child = await spawnProcess(command, { ...pipes, group: "inherit", ledger }).catch((error: unknown) => {
    const hint = viaSsh ? "check ssh-command" : "check remote-gsyncd";
    throw faultError({ ...faultOf(toError(error)), reason: "no-program", hint }, error);
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new BelayError("EBUG", "a child without pipes");
  let gone: Promise<void> | undefined;
  return {
    input: stdout,
    output: stdin,
    explain: (error) => explain(toError(error), child, viaSsh),
    [Symbol.asyncDispose]: () => {
      stdin.end(); // it ends by itself when nobody is there to greet it
      return (gone ??= letGo(child));
    },
  };
}

async function explain(error: Error, child: SupervisedProcess, viaSsh: boolean): Promise<Error> {
  if (hasCode(error, "EPROTO") && !error.message.includes("closed the connection")) return error;
  if ("remote" in error) return faultError(remoteFault(error), error);
  const end = await Promise.race([child.exited, sleep(endMs).then(() => undefined)]);
  if (end === undefined && hasCode(error, "ECONNLOST")) return error;
  return faultError(secondaryFault(end, viaSsh, child.stderrTail().toString()), error);
}

function remoteFault(error: Error): Fault {
  const fault = faultOf(error);
  const reason = fault.code === "ELOCKED" ? "locked" : "secondary";
  return { ...fault, reason, message: `the receiving end says: ${fault.message}` };
}

async function letGo(child: SupervisedProcess): Promise<void> {
  await Promise.race([child.exited, sleep(endMs)]);
  await child.stop({ timeoutMs: 2 * endMs });
  await child[Symbol.asyncDispose]();
}
