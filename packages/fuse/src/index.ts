/**
 * The FUSE kernel protocol (7.31 to 7.45) as a server library.
 *
 * @packageDocumentation
 */
export * from "./wire/answers.ts";
export * from "./wire/flags.ts";
export * from "./wire/init-flags.ts";
export * from "./wire/opcodes.ts";
export * from "./wire/timestamp.ts";
export { Request } from "./wire/request.ts";
export * from "./wire/request-attributes.ts";
export * from "./wire/request-files.ts";
export * from "./wire/request-names.ts";
export * from "./wire/request-session.ts";
export * from "./wire/message.ts";
export * from "./wire/decode.ts";
export * from "./serve/connection.ts";
export type * from "./serve/file-system.ts";
export * from "./serve/fuse-server.ts";
export type * from "./serve/replies.ts";
export * from "./serve/serve-loop.ts";
export type { LoopTimer } from "./serve/timers.ts";
export * from "./notify/notify-channel.ts";
export * from "./notify/retrieve-inbox.ts";
export * from "./mount/device.ts";
export * from "./mount/fuse-connection.ts";
export * from "./mount/mount-fuse.ts";
export type { FuseMountOptions } from "./mount/options.ts";
export * from "./notify/notifier.ts";
export type { NotifyStep, StoreSource } from "./notify/notify-step.ts";
