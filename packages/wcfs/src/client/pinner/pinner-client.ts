import { MessageChannel, type MessagePort } from "node:worker_threads";
import { eventfd, eventfdSignal } from "@belay/linux";
import { BelayError, startWorker, toError, userError } from "@belay/supervise";
import { STOP, STOPPED, type Failure, type Order, type Orders, type PinnerData, type Report } from "./messages.ts";

/** Milliseconds the end of the process waits for links to be left; the server closes them at once. */
const longestGoodbye = 500;

interface Call {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The pinner, as the thread that uses views has it: started when first needed, one for all connections of this thread. */
export class PinnerClient {
  readonly wakeFd = eventfd();
  readonly #port: MessagePort;
  readonly #calls = new Map<number, Call>();
  readonly #onDown = new Map<number, (error: BelayError) => void>();
  #last = 0;
  #dead: BelayError | undefined;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    const control = new Int32Array(new SharedArrayBuffer(8));
    const workerData: PinnerData = { port: port2, wakeFd: this.wakeFd, control };
    const { worker, ended } = startWorker("wcfs-pinner", new URL("./wcfs-pinner.worker.ts", import.meta.url), {
      workerData,
      transferList: [port2],
      // Descriptors come from other threads.
      trackUnmanagedFds: false,
    });
    worker.unref();
    this.#port = port1;
    port1.on("message", (report: Report) => this.#take(report));
    port1.unref();
    ended.catch((error: unknown) => this.#died(toError(error)));
    // Threads that read links only end when the server closes them.
    process.once("exit", () => this.#stop(control));
  }

  /** Has an order carried out. Orders are carried out in the order they are given. */
  call<K extends keyof Orders>(
    kind: K,
    conn: number,
    args: Orders[K]["args"],
    transfer: MessagePort[] = [],
  ): Promise<Orders[K]["result"]> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    const id = ++this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<Orders[K]["result"]>();
    this.#calls.set(id, { resolve: (value) => resolve(value as Orders[K]["result"]), reject });
    if (this.#calls.size === 1) this.#port.ref();
    const order: Pick<Order<K>, "id" | "kind" | "conn" | "args"> = { id, kind, conn, args };
    this.#port.postMessage(order, transfer);
    eventfdSignal(this.wakeFd);
    return promise;
  }

  /** Calls back when the view of a connection cannot be kept still any more. */
  onDown(conn: number, callback: (error: BelayError) => void): void {
    this.#onDown.set(conn, callback);
  }

  /** Forgets a connection. */
  forget(conn: number): void {
    this.#onDown.delete(conn);
  }

  #take(report: Report): void {
    if (report.kind === "down") return this.#onDown.get(report.conn)?.(errorOf(report.error));
    const call = this.#calls.get(report.id);
    this.#calls.delete(report.id);
    if (this.#calls.size === 0) this.#port.unref();
    if (report.kind === "done") call?.resolve(report.value);
    else call?.reject(errorOf(report.error));
  }

  #died(cause: Error): void {
    this.#dead = userError("EPINNER", "the thread that keeps views still has ended", { cause });
    for (const call of this.#calls.values()) call.reject(this.#dead);
    this.#calls.clear();
    for (const callback of [...this.#onDown.values()]) callback(this.#dead);
  }

  #stop(control: Int32Array): void {
    if (this.#dead !== undefined) return;
    Atomics.store(control, STOP, 1);
    eventfdSignal(this.wakeFd);
    Atomics.wait(control, STOPPED, 0, longestGoodbye);
  }
}

let started: PinnerClient | undefined;

/** The pinner of this thread. */
export function pinner(): PinnerClient {
  return (started ??= new PinnerClient());
}

function errorOf({ code, message }: Failure): BelayError {
  return userError(code, message);
}
