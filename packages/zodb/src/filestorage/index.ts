export { FileStorage } from "./file-storage.ts";
export type { Generation, IndexState, Progress } from "./generation.ts";
export { openFileStorage } from "./open.ts";
export type { FileStorageOptions } from "./options.ts";
