export { databaseFiles } from "./database-files.ts";
export { normalizeZurl } from "./normalize.ts";
export { openStorage } from "./open-storage.ts";
export type { OpenStorageOptions } from "./open-storage.ts";
export { formatZurl, parseZurl } from "./parse.ts";
export type { Zurl } from "./parse.ts";
