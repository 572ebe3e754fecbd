import type { Socket } from "node:net";

import { BelayError, toError, type Ledger, type Logger } from "@belay/supervise";

import { listenLocal } from "../local-socket/listen-local.ts";
import { linesOf } from "./lines.ts";
import { controlCalls, controlRequest, isControlCall, type ControlCall, type ControlCalls } from "./messages.ts";

/** What a worker does for each call. The signal aborts when whoever asked has gone. */
export type ControlHandlers = {
  readonly [C in ControlCall]: (
    args: ControlCalls[C]["args"],
    signal: AbortSignal,
  ) => ControlCalls[C]["result"] | Promise<ControlCalls[C]["result"]>;
};

/**
 * Answers calls at a Unix socket of mode 0600, until it is disposed of. Calls of one connection are answered as they are done, not in their
 * order.
 *
 * A socket that is there already is taken for what a dead worker left: the caller holds the lock that allows only one worker.
 */
export function serveControl(
  ledger: Ledger,
  path: string,
  handlers: ControlHandlers,
  logger: Logger,
): Promise<AsyncDisposable> {
  return listenLocal(ledger, path, (socket) => {
    serveConnection(socket, handlers).catch((error: unknown) => {
      logger.debug(`a caller at ${path} was dropped: ${toError(error).message}`);
      socket.destroy();
    });
  });
}

async function serveConnection(socket: Socket, handlers: ControlHandlers): Promise<void> {
  const gone = new AbortController();
  socket.on("error", () => socket.destroy());
  socket.once("close", () => gone.abort(new BelayError("ECANCELED", "whoever asked has gone", { isCanceled: true })));
  for await (const line of linesOf(socket)) {
    const { id, call, ...args } = controlRequest.parse(JSON.parse(line));
    void answer(handlers, call, args, gone.signal).then((reply) => {
      if (socket.writable) socket.write(`${JSON.stringify({ id, ...reply })}\n`);
    });
  }
}

async function answer(
  handlers: ControlHandlers,
  call: string,
  args: unknown,
  signal: AbortSignal,
): Promise<{ result: unknown } | { error: { code: string; message: string; hint?: string | undefined } }> {
  try {
    if (!isControlCall(call)) throw new BelayError("ENOSYS", `a worker knows no call ${JSON.stringify(call)}`);
    return { result: await carryOut(handlers, call, args, signal) };
  } catch (error) {
    const { message } = toError(error);
    const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "EBUG";
    return { error: { code, message, hint: error instanceof BelayError ? error.hint : undefined } };
  }
}

function carryOut<C extends ControlCall>(
  handlers: ControlHandlers,
  call: C,
  args: unknown,
  signal: AbortSignal,
): ControlCalls[C]["result"] | Promise<ControlCalls[C]["result"]> {
  const parsed = controlCalls[call].args.safeParse(args);
  if (!parsed.success) throw new BelayError("EINVAL", `${call}: ${parsed.error.issues[0]?.message ?? "bad arguments"}`);
  return handlers[call](parsed.data, signal);
}
