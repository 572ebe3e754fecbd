import type { Readable, Writable } from "node:stream";

import { RpcClient } from "./client.ts";
import {
  readForgetReply,
  readSurveyReply,
  writeSurvey,
  type ForgetReply,
  type SurveyReply,
  type SurveyRequest,
} from "./survey-messages.ts";

/** A receiving end that is only asked: no session is opened there, nothing is made, and a worker may be connected at the same time. */
export interface Observer extends Disposable {
  /** Settles, with the reason, when the connection is lost. */
  readonly lost: Promise<Error>;
  /** A portion of a directory; errors are those of the directory. */
  readonly survey: (request: SurveyRequest) => Promise<SurveyReply>;
  /** Has the destination forget the session; its files stay. Rejects with `ELOCKED` while a worker is connected. */
  readonly forget: () => Promise<ForgetReply>;
}

/**
 * Connects to a receiving end to ask it things.
 *
 * @param about  session, as the protocol names it; longest silence in milliseconds
 * @throws BelayError EPROTO
 */
export async function connectObserver(
  input: Readable,
  output: Writable,
  { session, timeoutMs }: { readonly session: string; readonly timeoutMs: number },
): Promise<Observer> {
  const rpc = new RpcClient(input, output, undefined, timeoutMs);
  try {
    await rpc.connect(session);
  } catch (error) {
    rpc[Symbol.dispose]();
    throw error;
  }
  return {
    lost: rpc.lost,
    survey: async (request) => readSurveyReply(await rpc.call("survey", (to) => writeSurvey(to, request))),
    forget: async () => readForgetReply(await rpc.call("forget")),
    [Symbol.dispose]: () => rpc[Symbol.dispose](),
  };
}
