/**
 * The big arrays of a ZODB database as files, now and at any moment of the past.
 *
 * @packageDocumentation
 */
export * from "./cli/index.ts";
export * from "./client/index.ts";
export * from "./launcher/index.ts";
export * from "./tools/index.ts";
export * from "./zsync/index.ts";
export { Database } from "./files/database.ts";
export type { Moment } from "./files/database.ts";
