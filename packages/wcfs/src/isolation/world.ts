import type { Oid, Tid } from "@belay/zodb";
import type { History } from "../delta/index.ts";
import type { TidWaiters } from "../files/tid-waiters.ts";
import type { ClientProcesses } from "./client-process.ts";

/** What becomes of a client that does not answer a pin in time. */
export type PinPolicy = "kill" | "warn";

/** What isolation needs of the server around it. Everything runs on the serving thread. */
export interface IsolationWorld {
  readonly history: Pick<History, "head" | "tail" | "blkRevAt" | "pinsAt" | "epochsBetween">;
  /** The newest commit shown. */
  shownHead(): Tid;
  /** Whether the file was ever looked up under head. */
  isKnown(oid: Oid): boolean;
  readonly waiters: TidWaiters;
  /** Milliseconds a client has to answer a pin. */
  readonly pinTimeout: number;
  /** `kill`: a client that is late is evicted. `warn`: only when somebody waits for it. */
  readonly pinPolicy: PinPolicy;
  /** Whether a commit was taken in and is not shown yet. */
  isCommitting(): boolean;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  after(milliseconds: number, callback: () => void): { cancel(): void };
  /** Calls back when a descriptor polls readable, for as long as it does. */
  watchFd(fd: number, callback: () => void): { stop(): void };
  /** Processes of clients; see `clientProcesses`. */
  readonly processes: ClientProcesses;
  log(level: "info" | "warn" | "error", message: string): void;
  /** Views can no longer be kept apart: the server must not serve anybody any more. */
  fail(error: Error): void;
}
