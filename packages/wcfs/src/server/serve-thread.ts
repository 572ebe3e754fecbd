import { receiveMessageOnPort } from "node:worker_threads";
import type { FileSystem } from "@belay/fuse";
import { FuseServer, NotifyChannel, RetrieveInbox, ServeLoop } from "@belay/fuse";
import { eventfdTake } from "@belay/linux";
import type { Logger } from "@belay/supervise";
import { createLogger } from "@belay/supervise";
import { formatTid, openStorage } from "@belay/zodb";
import type { Storage } from "@belay/zodb";
import { NotifyClient } from "../commits/notify-client.ts";
import { AutoExit } from "./auto-exit.ts";
import { wcfsInit } from "./kernel-check.ts";
import type { Order, Report, ServeThreadData } from "./messages.ts";
import type { ServerOptions } from "./options.ts";
import { remoteLog } from "./remote-log.ts";
import { traced } from "./trace.ts";
import { Wcfs } from "./wcfs.ts";

/**
 * The life of the serve thread: opens the database, says so, and once it is given the mount serves it to its end.
 *
 * @throws what opening the database threw, or serving
 */
export async function runServeThread(data: ServeThreadData): Promise<void> {
  const report = (message: Report) => data.control.postMessage(message);
  const log = createLogger({ sinks: [remoteLog(data.control, data.options.log.verbosity > 0 ? "debug" : "info")] });
  await using storage = await openStorage(data.options.zurl, { readOnly: true });
  report({ kind: "opened", head: formatTid(storage.lastTid()) });
  const fuseFd = await mounted(data);
  const end = fuseFd === undefined ? "stopped" : await serve(data, storage, fuseFd, log, report);
  report({ kind: "ended", end });
  data.control.close();
}

/** The descriptor of the mount; undefined: it will not be mounted. */
function mounted({ control }: ServeThreadData): Promise<number | undefined> {
  return new Promise((resolve) => {
    control.once("message", (order: Order) => {
      // Further orders are taken in by the loop.
      control.unref();
      resolve(order.kind === "serve" ? order.fuseFd : undefined);
    });
  });
}

async function serve(
  data: ServeThreadData,
  storage: Storage,
  fuseFd: number,
  log: Logger,
  report: (message: Report) => void,
): Promise<"unmounted" | "aborted" | "stopped"> {
  const onError = (error: unknown) =>
    log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  using loop = new ServeLoop({ onError });
  const notify = new NotifyClient({
    port: data.notify,
    doorbell: data.doorbell,
    onInbox: (shared) => server.addInbox(new RetrieveInbox(shared)),
  });
  using wakeUps = new NotifyChannel(fuseFd);
  const wcfs = new Wcfs({
    options: data.options,
    storage,
    loop,
    cache: notify,
    log,
    wakePoll: (handle) => void wakeUps.pollWakeup(handle),
    onFailed: () => report({ kind: "failed" }),
  });
  const watched = data.options.autoexit ? watchedForExit(wcfs.fileSystem, data.options, loop, report) : wcfs.fileSystem;
  const fileSystem = data.options.traceFuse ? traced(watched, log, data.options.debug) : watched;
  using server = new FuseServer({ fd: fuseFd, fileSystem, loop, init: wcfsInit, onError });
  // The notify thread may wait for a page that a read has locked, and the read for a client.
  const endNotifying = () => {
    wcfs.endReads();
    notify.stop();
  };
  const obey = (order: Order) => {
    if (order.kind === "stop-notifying") endNotifying();
    else if (order.kind === "stop") server.stop();
    else if (order.kind === "dump") report({ kind: "dump", text: wcfs.describe() });
  };
  data.control.on("message", obey);
  loop.watch(data.wakeFd, () => {
    eventfdTake(data.wakeFd);
    notify.drain();
    for (let order = nextOrder(data); order !== undefined; order = nextOrder(data)) obey(order);
  });
  wcfs.start();
  return await server.serve();
}

function watchedForExit(
  fileSystem: FileSystem,
  { autoexitGrace: grace }: ServerOptions,
  loop: ServeLoop,
  report: (message: Report) => void,
): FileSystem {
  const onIdle = () => report({ kind: "idle" });
  return new AutoExit({ grace, after: (ms, callback) => loop.after(ms, callback), onIdle }).watch(fileSystem);
}

function nextOrder({ control }: ServeThreadData): Order | undefined {
  return (receiveMessageOnPort(control) as { message: Order } | undefined)?.message;
}
