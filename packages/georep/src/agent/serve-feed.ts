import type { Socket } from "node:net";

import { BelayError, errnoName, toError } from "@belay/supervise";

import type { ChangeFeed } from "../feed/change-feed.ts";
import { onLines } from "../local-socket/read-lines.ts";
import { encodeLine, greeting, parseLine, report, request, type Problem, type Report } from "./messages.ts";

/** Somebody who is told of a feed. */
export interface FeedListener {
  /** The feed's end has moved. */
  tellEnd(): void;
  tell(report: Report): void;
}

/**
 * Tells of a feed over a socket: who it is, then its end whenever that moved.
 *
 * @param about.settings  with what it watches, for the greeting; about.onEnd is called when the other side asks for the end of the watching
 */
export function serveFeed(
  feed: ChangeFeed,
  socket: Socket,
  { settings, onEnd }: { readonly settings?: string | undefined; readonly onEnd: () => void },
): FeedListener {
  const send = (line: string) => {
    if (!socket.destroyed) socket.write(line);
  };
  const tell = (what: Report) => send(encodeLine(report, what));
  // Only the last end counts: whoever does not read, or not as fast, gets fewer of them, and costs no memory.
  let isDue = false;
  const flush = () => {
    if (!isDue || socket.writableNeedDrain) return;
    isDue = false;
    tell({ end: feed.end });
  };
  const drain = async (number: number) => {
    try {
      tell({ drained: number, end: await feed.drain() });
    } catch (error) {
      tell({ failed: problemOf(error) });
    }
  };
  socket.on("drain", flush);
  socket.on("error", () => undefined); // it is closed then, and forgotten
  onLines(socket, (line) => {
    const asked = parseLine(request, line);
    if ("drain" in asked) void drain(asked.drain);
    else onEnd();
  });
  const { incarnation, kind, end } = feed;
  send(encodeLine(greeting, { incarnation, kind, end, pid: process.pid, settings }));
  if (feed.trouble !== undefined) tell({ trouble: problemOf(feed.trouble) });
  return {
    tell,
    tellEnd: () => {
      if (!isDue) setImmediate(flush);
      isDue = true;
    },
  };
}

/** An error as it is told. */
export function problemOf(value: unknown): Problem {
  const error = toError(value);
  const { code, hint } = error instanceof BelayError ? error : { code: errnoName(error) ?? "EAGENT", hint: undefined };
  return { code, message: error.message, ...(hint === undefined ? {} : { hint }) };
}

/** What was told, as an error again. */
export const errorOf = ({ code, message, hint }: Problem): BelayError => new BelayError(code, message, { hint });
