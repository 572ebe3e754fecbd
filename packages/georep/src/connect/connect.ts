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
import { connectSecondary, type Greeting, type Secondary } from "../rpc/secondary-client.ts";
import { secondaryFault } from "./ssh-fault.ts";

/** How to reach a receiving end. */
export interface ReachOptions {
  /** Program and arguments; it speaks the protocol at its stdin and stdout. */
  readonly command: readonly string[];
  readonly viaSsh: boolean;
  readonly ledger: Ledger;
}

/** How to reach a receiving end for a worker. */
export interface ConnectOptions extends ReachOptions {
  readonly greeting: Greeting;
}

/** A receiving end, and the process that leads to it. Disposing of it ends both. */
export type Connection = Secondary & AsyncDisposable;

/** Time for a receiving end to end by itself once it is told to, and to say why it ended, in milliseconds. */
const endMs = 250;

/**
 * Starts a receiving end, in our process group, and greets it.
 *
 * @throws BelayError `ESECONDARY` with reason and hint; what the receiving end itself says about its directory
 */
export function connect({ greeting, ...options }: ConnectOptions): Promise<Connection> {
  return reach(options, (input, output) => connectSecondary(input, output, greeting));
}

/** What speaks the protocol of a receiving end. */
interface Peer extends Disposable {
  readonly lost: Promise<Error>;
}

/**
 * Starts a receiving end, in our process group, and has somebody greet it.
 *
 * @throws BelayError `ESECONDARY` with reason and hint; what the receiving end itself says about its directory
 */
export async function reach<T extends Peer>(
  { command, viaSsh, ledger }: ReachOptions,
  greet: (input: Readable, output: Writable) => Promise<T>,
): Promise<T & AsyncDisposable> {
  const child = await start(command, viaSsh, ledger);
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new BelayError("EBUG", "a child without pipes");
  try {
    const peer = await greet(stdout, stdin);
    return {
      ...peer,
      lost: peer.lost.then((error) => explain(error, child, viaSsh)),
      [Symbol.dispose]: () => peer[Symbol.dispose](),
      [Symbol.asyncDispose]: async () => {
        peer[Symbol.dispose]();
        await letGo(child);
      },
    };
  } catch (error) {
    const explained = await explain(toError(error), child, viaSsh);
    await letGo(child);
    throw explained;
  }
}

async function start(command: readonly string[], viaSsh: boolean, ledger: Ledger): Promise<SupervisedProcess> {
  try {
    return await spawnProcess(command, { stdin: "pipe", stdout: "pipe", group: "inherit", ledger });
  } catch (error) {
    const hint = viaSsh ? "check ssh-command" : "check remote-gsyncd";
    throw faultError({ ...faultOf(toError(error)), reason: "no-program", hint }, error);
  }
}

// The pipe that broke says nothing; the process behind it may.
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
