/** What the command line is made of. */
export { frontEndCommands, isFrontEndCommand } from "./front-end-commands.ts";
export type { FrontEndCommand } from "./front-end-commands.ts";
export { diffCommand, listCommand, logCommand } from "./inspection-commands.ts";
export type { DiffOptions, ListOptions, LogOptions } from "./inspection-commands.ts";
export { frontEndMain, runServer } from "./lazy.ts";
export { takeName } from "./take-name.ts";
export { exportCommand, importCommand } from "./transfer-commands.ts";
export type { ExportCommandOptions, ImportCommandOptions } from "./transfer-commands.ts";
export { wcfsMain } from "./wcfs-main.ts";
