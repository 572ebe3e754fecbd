import type { Socket } from "node:net";

import { BelayError, hasCode, untilAborted } from "@belay/supervise";

import { connectLocal } from "../local-socket/connect-local.ts";
import { linesOf } from "./lines.ts";
import { controlCalls, controlReply, type ControlCall, type ControlCalls } from "./messages.ts";

/**
 * Asks a running worker, and waits for its answer; a checkpoint takes as long as it takes.
 *
 * @param path  its `worker.sock`
 * @param signal  gives up; the worker then stops what it does for this call
 * @throws BelayError `ENOWORKER` when no worker listens there; `ECONNLOST` when it ends meanwhile; the worker's own errors
 */
export async function callWorker<C extends ControlCall>(
  path: string,
  call: C,
  args: ControlCalls[C]["args"],
  signal?: AbortSignal,
): Promise<ControlCalls[C]["result"]> {
  signal?.throwIfAborted();
  const socket = await connectTo(path);
  try {
    socket.write(`${JSON.stringify({ ...args, id: 1, call })}\n`);
    return await untilAborted(readResult(socket, call), signal);
  } catch (error) {
    // Killed before it read all that was sent.
    if (hasCode(error, "ECONNRESET", "EPIPE")) throw workerEnded(error);
    throw error;
  } finally {
    socket.destroy();
  }
}

async function connectTo(path: string): Promise<Socket> {
  const socket = await connectLocal(path);
  if (socket !== undefined) return socket;
  throw new BelayError("ENOWORKER", `no worker runs at ${path}`, {
    hint: "see its status: it may be stopped, or about to start again",
  });
}

async function readResult<C extends ControlCall>(socket: Socket, call: C): Promise<ControlCalls[C]["result"]> {
  for await (const line of linesOf(socket)) {
    const reply = controlReply.parse(JSON.parse(line));
    if ("error" in reply) throw new BelayError(reply.error.code, reply.error.message, { hint: reply.error.hint });
    return controlCalls[call].result.parse(reply.result);
  }
  throw workerEnded();
}

function workerEnded(cause?: unknown): BelayError {
  return new BelayError("ECONNLOST", "the worker ended before it answered", { cause });
}
