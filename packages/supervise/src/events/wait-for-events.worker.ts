/**
 * The thread behind waitForEvents: sleeps in poll(2) for everybody.
 *
 * It never returns to its event loop; messages are fetched when the eventfd says that there are some.
 */
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from "node:worker_threads";
import { eventfdTake, POLLIN, pollRaw, PollSet } from "@belay/linux";
import type { WatcherData, WatchOrder, WatchReport } from "./wait-for-events.ts";

interface Watch {
  readonly fd: number;
  readonly events: number;
}

function serve(port: MessagePort, wakeFd: number): void {
  const watches = new Map<number, Watch>();
  while (takeOrders(port, watches)) {
    const set = new PollSet(watches.size + 1);
    set.add(wakeFd, POLLIN);
    const ids = [...watches.keys()];
    for (const { fd, events } of watches.values()) set.add(fd, events);
    // The time limit lets the thread be terminated even if nobody can wake it.
    if (pollRaw(set, 1000) <= 0) continue;
    if (set.revents(0) !== 0) eventfdTake(wakeFd);
    ids.forEach((id, index) => report(port, watches, id, set.revents(index + 1)));
  }
}

function takeOrders(port: MessagePort, watches: Map<number, Watch>): boolean {
  for (;;) {
    const received = receiveMessageOnPort(port) as { message: WatchOrder } | undefined;
    if (received === undefined) return true;
    const order = received.message;
    if (order.kind === "end") return false;
    if (order.kind === "watch") watches.set(order.id, order);
    else watches.delete(order.id);
  }
}

function report(port: MessagePort, watches: Map<number, Watch>, id: number, revents: number): void {
  if (revents === 0) return;
  watches.delete(id);
  port.postMessage({ id, revents } satisfies WatchReport);
}

if (parentPort !== null) {
  const { wakeFd, loaded } = workerData as WatcherData;
  // The first system call loads what makes them.
  pollRaw(new PollSet(1), 0);
  Atomics.store(loaded, 0, 1);
  Atomics.notify(loaded, 0);
  serve(parentPort, wakeFd);
}
