/** The commands of `belay georep`, each with what it was given; they resolve to the exit code. */
export { create, key, type CreateOptions, type KeyOptions } from "./run/create.ts";
export { list, normalize } from "./run/list.ts";
export { config, type ConfigOptions } from "./run/config.ts";
export { remove, type DeleteCommandOptions } from "./run/delete.ts";
export { start, stop, restart, pause, resume } from "./run/start.ts";
export type { PauseOptions, StartCommandOptions, StopCommandOptions } from "./run/start.ts";
export { status, type StatusOptions } from "./run/status.ts";
export { checkpoint, type CheckpointOptions } from "./run/checkpoint.ts";
export { resync, type ResyncOptions } from "./run/resync.ts";
export { retry, verify, type RetryOptions } from "./run/verify.ts";
export { unit, type UnitOptions } from "./run/unit.ts";
export { inContext, type CommonOptions, type Context } from "./run/context.ts";
