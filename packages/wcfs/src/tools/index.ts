/** Getting data in and out of big files, and looking at their history. */
export { BigFileWriter, defaultBlockSize } from "./bigfile-writer.ts";
export type { WriterOptions } from "./bigfile-writer.ts";
export type { BlockFormat, FormatChoice } from "./block-format.ts";
export { chooseFile } from "./choose-file.ts";
export type { FileChoice } from "./choose-file.ts";
export { exportFile } from "./export-file.ts";
export type { ExportOptions, ExportResult } from "./export-file.ts";
export { fileLog } from "./file-log.ts";
export type { FileLogEntry } from "./file-log.ts";
export { importFile } from "./import-file.ts";
export type { ImportOptions, ImportResult, Placement } from "./import-file.ts";
export { listBigFiles } from "./list-files.ts";
export type { BigFileInfo } from "./list-files.ts";
