import { MessageChannel } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { close, eventfd, eventfdSignal } from "@belay/linux";
import type { OwnedWorker } from "@belay/supervise";
import { startWorker } from "@belay/supervise";
import { ringToStop } from "../commits/notify-thread.ts";
import type { NotifyThreadData } from "../commits/notify-thread.ts";
import type { Order, Report, ServeThreadData } from "./messages.ts";
import type { ServerOptions } from "./options.ts";

/** Milliseconds a thread has to end when it is asked to; the serve thread may be building the index of a large database. */
const GRACE = 500;

/** The serve and the notify thread, as the main thread has them. */
export interface ServerThreads extends AsyncDisposable {
  readonly serve: OwnedWorker;
  /** Undefined until the mount is there. */
  readonly notify: OwnedWorker | undefined;
  tell(order: Order): void;
  /** Starts the notify thread. @param fuseFd another descriptor of the connection than the one that is served */
  startNotifying(fuseFd: number, mountpoint: string): OwnedWorker;
  /** The notify thread shall end after its present step, and the serve thread lets nothing wait that this step could wait for. */
  stopNotifying(): void;
}

/** Starts the serve thread; the notify thread follows when there is a mount. */
export function startThreads(options: ServerOptions, onReport: (report: Report) => void): ServerThreads {
  const wakeFd = eventfd();
  const doorbell = new Int32Array(new SharedArrayBuffer(8));
  const control = new MessageChannel();
  const between = new MessageChannel();
  control.port1.on("message", onReport);
  const data: ServeThreadData = { options, control: control.port2, notify: between.port1, doorbell, wakeFd };
  const tell = (order: Order) => {
    control.port1.postMessage(order);
    eventfdSignal(wakeFd);
  };
  const serve = startWorker("wcfs-serve", new URL("./wcfs-serve.worker.ts", import.meta.url), {
    workerData: data,
    // Descriptors go from thread to thread, and koffi opens some.
    trackUnmanagedFds: false,
    transferList: [control.port2, between.port1],
    askToEnd: () => tell({ kind: "stop" }),
    graceMs: GRACE,
  });
  let notify: OwnedWorker | undefined;
  return {
    serve,
    tell,
    get notify() {
      return notify;
    },
    startNotifying: (fuseFd, mountpoint) =>
      (notify = startNotify({ fuseFd, mountpoint, port: between.port2, doorbell, wakeFd }, between.port2)),
    stopNotifying() {
      tell({ kind: "stop-notifying" });
      ringToStop(doorbell);
    },
    async [Symbol.asyncDispose]() {
      ringToStop(doorbell);
      await Promise.all([notify?.[Symbol.asyncDispose](), serve[Symbol.asyncDispose]()]);
      control.port1.close();
      close(wakeFd);
    },
  };
}

function startNotify(data: NotifyThreadData, port: MessagePort): OwnedWorker {
  return startWorker("wcfs-notify", new URL("../commits/wcfs-notify.worker.ts", import.meta.url), {
    workerData: data,
    // Descriptors go from thread to thread, and koffi opens some.
    trackUnmanagedFds: false,
    transferList: [port],
    // It may be coming up still, and a thread that is terminated while it loads koffi takes the process with it.
    askToEnd: () => ringToStop(data.doorbell),
    graceMs: GRACE,
  });
}
