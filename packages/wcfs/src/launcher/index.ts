/** Starting, finding, checking and stopping servers. */
export { join, Wcfs } from "./join.ts";
export type { JoinOptions } from "./join.ts";
export { commandLineLogger } from "./launcher-log.ts";
export type { LauncherOptions } from "./launcher-log.ts";
export { mountpointOf, mountpointRoot } from "./mountpoint.ts";
export { serve } from "./serve.ts";
export type { Server } from "./server.ts";
export type { StartOptions } from "./spawn-server.ts";
export { start } from "./start.ts";
export { status } from "./status.ts";
export type { StatusOptions } from "./status.ts";
export { stop } from "./stop.ts";
