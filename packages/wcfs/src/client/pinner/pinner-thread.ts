import { receiveMessageOnPort } from "node:worker_threads";
import { eventfdTake, POLLIN, pollRaw, PollSet } from "@belay/linux";
import { hasCode, toError, userError } from "@belay/supervise";
import { readByPolling, readByThread, type LinkReading } from "./link-reading.ts";
import { STOP, STOPPED, type Failure, type Order, type PinnerData, type Report } from "./messages.ts";
import { PinnedConn } from "./pinned-conn.ts";

/** Milliseconds after which the thread looks whether it has been terminated, which wakes nobody. */
const longestSleep = 1000;

/**
 * The pinner: keeps the views of all connections of a process still.
 *
 * The thread that reads a view may wait for a page, and the server gives it only when the pinner has shown the old revision elsewhere:
 * so this thread owns all that pins need, and never waits for any other thread of the process. It blocks in poll(2) and in calls that
 * the server answers whatever its clients do, and never returns to its event loop.
 */
export class Pinner {
  readonly #data: PinnerData;
  readonly #conns = new Map<number, { readonly conn: PinnedConn; readonly reading: LinkReading }>();

  constructor(data: PinnerData) {
    this.#data = data;
  }

  run(): void {
    const { control } = this.#data;
    // Atomics.load is also what makes the thread notice that it is terminated.
    while (Atomics.load(control, STOP) === 0) {
      this.#takeOrders();
      this.#waitForLinks();
    }
    for (const { conn } of this.#conns.values()) conn.link.bye();
    Atomics.store(control, STOPPED, 1);
    Atomics.notify(control, STOPPED);
  }

  #waitForLinks(): void {
    const conns = [...this.#conns];
    const set = new PollSet(1 + conns.length);
    set.add(this.#data.wakeFd, POLLIN);
    for (const [, { reading }] of conns) set.add(reading.fd, POLLIN);
    // After an error nothing is ready: it is looked at again.
    const found = pollRaw(set, longestSleep) > 0;
    if (found && set.revents(0) !== 0) eventfdTake(this.#data.wakeFd);
    for (const [index, [id, { conn, reading }]] of conns.entries()) {
      reading.take(found ? set.revents(1 + index) : 0);
      if (conn.ended) this.#conns.delete(id);
    }
  }

  #takeOrders(): void {
    for (;;) {
      const order = (receiveMessageOnPort(this.#data.port) as { message: Order } | undefined)?.message;
      if (order === undefined) return;
      try {
        this.#carryOut(order);
      } catch (error) {
        this.#done(order, toError(error));
      }
    }
  }

  #carryOut(order: Order): void {
    const done = (result: unknown) => this.#done(order, result);
    if (order.kind === "link") {
      this.#link(order);
      return done(undefined);
    }
    const conn = this.#conns.get(order.conn)?.conn;
    if (conn === undefined) return done(withoutLink(order));
    if (order.kind === "open") conn.open(order.args, done);
    else if (order.kind === "closeFile") conn.closeFile(order.args, done);
    else if (order.kind === "advance") conn.advance(order.args, done);
    else if (order.kind === "leave") conn.leave(done);
    else if (order.kind === "layout") done(conn.layout(order.args));
    else {
      if (order.kind === "map") conn.map(order.args);
      else conn.unmap(order.args);
      done(undefined);
    }
  }

  #link({ conn: id, args }: Order<"link">): void {
    const conn = new PinnedConn(args, (error) => this.#report({ kind: "down", conn: id, error: failureOf(error) }));
    const reading = args.reader === undefined ? readByPolling(conn, args.fd) : readByThread(conn, args.reader);
    this.#conns.set(id, { conn, reading });
  }

  #done({ id }: Order, result: unknown): void {
    if (result instanceof Error) this.#report({ kind: "failed", id, error: failureOf(result) });
    else this.#report({ kind: "done", id, value: result });
  }

  #report(report: Report): void {
    this.#data.port.postMessage(report);
  }
}

/** The link has ended, and with it all that was mapped and watched. */
function withoutLink({ kind }: Order): Error | undefined {
  return kind === "leave" || kind === "closeFile" || kind === "unmap" ? undefined : userError("EPIPE", "link is down");
}

function failureOf(error: Error): Failure {
  const code = "code" in error && typeof error.code === "string" && hasCode(error, error.code) ? error.code : "EBUG";
  return { code, message: error.message };
}
