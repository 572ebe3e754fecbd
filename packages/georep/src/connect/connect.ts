import type { Readable, Writable } from "node:stream";

import type { Hello } from "../rpc/hello-messages.ts";
import { greetSecondary, openLine, type Line, type Secondary } from "../rpc/secondary-client.ts";
import { startReceiving, type ReachOptions, type ReceivingProcess } from "./receiving-process.ts";

/** How to reach a receiving end for a worker. */
export interface ConnectOptions extends ReachOptions {
  readonly line: Line;
}

/** A receiving end, and the process that leads to it. Disposing of it ends both. */
export type Connection = Secondary & AsyncDisposable;

/** A receiving end that is being started. Disposing of it ends it, greeted or not. */
export interface Connecting extends AsyncDisposable {
  /**
   * Greets it once it is there; called once. What kept it from starting is told here, to whoever has nothing else to tell.
   *
   * @throws BelayError `ESECONDARY` with reason and hint; what the receiving end itself says about its directory
   */
  greet(hello: Hello): Promise<Connection>;
}

/**
 * Begins to start a receiving end, in our process group. At the destination nothing is touched before it is greeted: until then the caller opens what
 * it needs itself, and the line is kept alive however long that takes.
 */
export function beginConnecting({ line, ...options }: ConnectOptions): Connecting {
  const starting = startReceiving(options);
  const opening = starting.then(({ input, output, explain }) => told(openLine(input, output, line), explain));
  opening.catch(() => undefined); // `greet` tells it
  return {
    greet: async (hello) => {
      const rpc = await opening;
      const process = await starting;
      return withProcess(process, await told(greetSecondary(rpc, hello), process.explain));
    },
    [Symbol.asyncDispose]: async () => {
      const process = await starting.catch(() => undefined);
      await process?.[Symbol.asyncDispose]();
    },
  };
}

/**
 * Starts a receiving end, in our process group, and greets it.
 *
 * @throws BelayError `ESECONDARY` with reason and hint; what the receiving end itself says about its directory
 */
export async function connect({ hello, ...options }: ConnectOptions & { readonly hello: Hello }): Promise<Connection> {
  const connecting = beginConnecting(options);
  try {
    return await connecting.greet(hello);
  } catch (error) {
    await connecting[Symbol.asyncDispose]();
    throw error;
  }
}

/** What speaks the protocol of a receiving end. */
interface Peer extends Disposable {
  readonly lost: Promise<Error>;
}

/**
 * Starts a receiving end, in our process group, and has somebody talk to it.
 *
 * @throws BelayError `ESECONDARY` with reason and hint; what the receiving end itself says about its directory
 */
export async function reach<T extends Peer>(
  options: ReachOptions,
  greet: (input: Readable, output: Writable) => Promise<T>,
): Promise<T & AsyncDisposable> {
  const process = await startReceiving(options);
  try {
    return withProcess(process, await told(greet(process.input, process.output), process.explain));
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}

async function told<T>(step: Promise<T>, explain: ReceivingProcess["explain"]): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw await explain(error);
  }
}

function withProcess<T extends Peer>(process: ReceivingProcess, peer: T): T & AsyncDisposable {
  return {
    ...peer,
    lost: peer.lost.then((error) => process.explain(error)),
    [Symbol.dispose]: () => peer[Symbol.dispose](),
    [Symbol.asyncDispose]: async () => {
      peer[Symbol.dispose]();
      await process[Symbol.asyncDispose]();
    },
  };
}
