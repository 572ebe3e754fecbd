/** What the main thread and the serve thread tell each other. */
import type { MessagePort } from "node:worker_threads";
import type { LogRecord } from "@belay/supervise";
import type { ServerOptions } from "./options.ts";

/** What the serve thread is started with. */
export interface ServeThreadData {
  readonly options: ServerOptions;
  /** To and from the main thread. */
  readonly control: MessagePort;
  /** To and from the notify thread. */
  readonly notify: MessagePort;
  readonly doorbell: Int32Array;
  /** An eventfd that both other threads wake the serve thread with. */
  readonly wakeFd: number;
}

/** From the main thread. The serve thread's eventfd is signalled after each. */
export type Order =
  | { readonly kind: "serve"; readonly fuseFd: number }
  /** The notify thread shall finish its step and end; the serve thread goes on. */
  | { readonly kind: "stop-notifying" }
  | { readonly kind: "stop" }
  | { readonly kind: "dump" };

/** From the serve thread. */
export type Report =
  | { readonly kind: "opened"; readonly head: string }
  | { readonly kind: "log"; readonly record: LogRecord }
  /** Head cannot be followed any more: the process has to end. */
  | { readonly kind: "failed" }
  /** Nobody has had anything open for some time. */
  | { readonly kind: "idle" }
  | { readonly kind: "dump"; readonly text: string }
  | { readonly kind: "ended"; readonly end: "unmounted" | "aborted" | "stopped" };
