import type { Socket } from "node:net";

import { BelayError, hasCode, toError, untilAborted } from "@belay/supervise";

import { agentPlaces, type AgentPlaces } from "../agent/agent-places.ts";
import { encodeLine, greeting, parseLine, report, request, type Greeting, type Report } from "../agent/messages.ts";
import { errorOf } from "../agent/serve-feed.ts";
import type { Position } from "../journal/position.ts";
import { readRecords, removeSegments, segmentsIn, segmentStart } from "../journal/segments.ts";
import { connectLocal } from "../local-socket/connect-local.ts";
import { onLines } from "../local-socket/read-lines.ts";
import type { ChangeFeed } from "./change-feed.ts";

const greetingMs = 30_000;

/**
 * Reads from the agent that watches the source of this working directory.
 *
 * @throws BelayError `EAGENT` when there is none, or it does not answer
 */
export async function connectToAgent(directory: string): Promise<ChangeFeed> {
  const places = agentPlaces(directory);
  const socket = await connectLocal(places.socket);
  if (socket === undefined) throw noAgent(`no agent listens in ${directory}`);
  const link = new AgentLink(socket);
  try {
    const greeted = await untilAborted(link.greeting, AbortSignal.timeout(greetingMs));
    return new AgentFeed(link, greeted, places);
  } catch (error) {
    socket.destroy();
    throw noAgent(`the agent in ${directory} does not answer`, error);
  }
}

function noAgent(message: string, cause?: unknown): BelayError {
  return new BelayError("EAGENT", message, { hint: "the monitor starts it; it is started again by itself", cause });
}

const hasEnded = (cause?: unknown): BelayError => noAgent("the agent has ended", cause);

/** The socket to an agent: what it says, and its end. */
class AgentLink {
  readonly socket: Socket;
  readonly #greeting = Promise.withResolvers<Greeting>();
  readonly #failed = Promise.withResolvers<Error>();
  #isGreeted = false;
  #onReport: ((report: Report) => void) | undefined;
  /** What came right behind the greeting, before anybody could listen: there may be no other word of it. */
  readonly #early: Report[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    this.greeting.catch(() => undefined);
    onLines(socket, (line) => this.#take(line));
    // Reset: it was killed before it read all that was sent.
    socket.on("error", (error) => this.#lose(hasCode(error, "ECONNRESET", "EPIPE") ? hasEnded(error) : error));
    socket.on("close", () => this.#lose(hasEnded()));
  }

  /** Takes each report, those that have come already first. */
  listen(onReport: (report: Report) => void): void {
    this.#onReport = onReport;
    for (const report of this.#early.splice(0)) onReport(report);
  }

  get greeting(): Promise<Greeting> {
    return this.#greeting.promise;
  }

  get failed(): Promise<Error> {
    return this.#failed.promise;
  }

  #take(line: string): void {
    if (this.#isGreeted) {
      const said = parseLine(report, line);
      if (said.failed !== undefined) this.#lose(errorOf(said.failed));
      if (this.#onReport === undefined) this.#early.push(said);
      else this.#onReport(said);
    } else {
      this.#greeting.resolve(parseLine(greeting, line));
      this.#isGreeted = true;
    }
  }

  #lose(error: Error): void {
    this.#greeting.reject(error);
    this.#failed.resolve(error);
  }
}

class AgentFeed implements ChangeFeed {
  readonly kind;
  readonly incarnation;
  readonly #link: AgentLink;
  readonly #places: AgentPlaces;
  readonly #drains = new Map<number, (end: Position) => void>();
  #lastDrain = 0;
  #end: Position;
  #trimmed = 0;
  #trouble: Error | undefined;
  onAppend: () => void = () => undefined;

  constructor(link: AgentLink, { kind, incarnation, end }: Greeting, places: AgentPlaces) {
    this.kind = kind;
    this.incarnation = incarnation;
    this.#link = link;
    this.#places = places;
    this.#end = end;
    link.listen((report) => this.#take(report));
  }

  get start(): Position {
    return segmentStart(segmentsIn(this.#places.journal)[0] ?? this.#end.segment);
  }

  get end(): Position {
    return this.#end;
  }

  get trouble(): Error | undefined {
    return this.#trouble;
  }

  get failed(): Promise<Error> {
    return this.#link.failed;
  }

  read(from: Position): ReturnType<ChangeFeed["read"]> {
    return readRecords(this.#places.journal, from, this.#end);
  }

  trim(before: Position): void {
    if (before.segment === this.#trimmed) return;
    removeSegments(this.#places.journal, before);
    this.#trimmed = before.segment;
  }

  async drain(): Promise<Position> {
    const number = ++this.#lastDrain;
    const drained = new Promise<Position>((resolve) => this.#drains.set(number, resolve));
    this.#link.socket.write(encodeLine(request, { drain: number }));
    const failed = this.failed.then((error) => {
      throw error;
    });
    try {
      return await Promise.race([drained, failed]);
    } finally {
      this.#drains.delete(number);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#link.socket.destroy();
    return Promise.resolve();
  }

  #take({ end, drained, trouble }: Report): void {
    if (trouble !== undefined) this.#trouble = trouble === null ? undefined : errorOf(trouble);
    if (end !== undefined) this.#end = end;
    if (end !== undefined && drained !== undefined) this.#drains.get(drained)?.(end);
    if (end !== undefined || trouble !== undefined) this.onAppend();
  }
}

/** Asks the agent of a working directory to end. @returns whether there was one */
export async function endAgent(directory: string, signal?: AbortSignal): Promise<boolean> {
  const socket = await connectLocal(agentPlaces(directory).socket);
  if (socket === undefined) return false;
  const closed = new Promise<undefined>((resolve) => socket.on("close", () => resolve(undefined)));
  socket.on("error", () => undefined).resume();
  socket.write(encodeLine(request, { end: true }));
  try {
    await untilAborted(closed, signal);
  } catch (error) {
    throw noAgent(`the agent in ${directory} does not end`, toError(error));
  } finally {
    socket.destroy();
  }
  return true;
}
