/**
 * Processes, mounts, locks, deadlines and logs, and the ledger of what a process owns.
 *
 * Importing this package does nothing and loads no native code: that waits for the first system call.
 *
 * @packageDocumentation
 */
export * from "./errors/belay-error.ts";
export * from "./errors/render.ts";
export * from "./deadline/abort-on-signals.ts";
export * from "./deadline/deadline.ts";
export * from "./deadline/sleep.ts";
export * from "./deadline/task-group.ts";
export * from "./log/format.ts";
export * from "./log/glog-sinks.ts";
export * from "./log/logger.ts";
export * from "./log/record.ts";
export * from "./log/sinks.ts";
export * from "./process/identity.ts";
export type * from "./process/types.ts";
export type * from "./proc/types.ts";
export type * from "./mounts/types.ts";
export type * from "./ledger/types.ts";
export type * from "./locks/types.ts";
