import { open, stat } from "node:fs/promises";
import type { Oid, Tid } from "@belay/zodb";
import { errnoName } from "@belay/supervise";
import { findSource } from "../blocks/find-source.ts";
import { lookupBlock } from "../delta/index.ts";
import type { Database } from "../files/database.ts";
import { openFile } from "../files/open-file.ts";
import { refuseOwnFiles } from "./own-files.ts";
import { writeWhole } from "./whole-file.ts";

/** What is exported, and who is told. */
export interface ExportOptions {
  readonly file: Oid;
  readonly at: Tid;
  /** Path of the output; `-` is standard output. */
  readonly output: string;
  readonly signal?: AbortSignal | undefined;
  /** @param done bytes written so far @param total all bytes */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Bytes written at a time; blocks may be larger than memory. */
const largestWrite = 4 << 20;

/** Bytes written. */
export interface ExportResult {
  readonly bytes: number;
}

/**
 * Writes the content of a big file to a file or pipe.
 *
 * A regular file appears under its name only when it is complete; a process that is killed before leaves nothing.
 *
 * @throws BelayError `EUSAGE`: the output is the database itself
 */
export async function exportFile(database: Database, options: ExportOptions): Promise<ExportResult> {
  if (options.output === "-") return writeBlocks(database, options, writeToStdout);
  refuseOwnFiles(database.storage.zurl, options.output);
  if (await isSpecial(options.output)) return writeSpecial(database, options);
  return writeWhole(options.output, (file) => writeBlocks(database, options, (bytes) => file.writeFile(bytes)));
}

// A device or a named pipe is written as it is.
async function isSpecial(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isFile();
  } catch (error) {
    if (errnoName(error) === "ENOENT") return false;
    throw error;
  }
}

async function writeSpecial(database: Database, options: ExportOptions): Promise<ExportResult> {
  await using output = await open(options.output, "w");
  const result = await writeBlocks(database, options, (bytes) => output.writeFile(bytes));
  // What cannot be synced, a pipe or a terminal, says EINVAL.
  await output.sync().catch((error: unknown) => {
    if (errnoName(error) !== "EINVAL") throw error;
  });
  return result;
}

async function writeBlocks(
  database: Database,
  options: ExportOptions,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<ExportResult> {
  const moment = database.at(options.at);
  const { blksize, blktab, size } = openFile(moment, options.file);
  const window = Buffer.allocUnsafe(Math.min(blksize, largestWrite));
  for (let block = 0, done = 0; done < size; block++) {
    const source = findSource(moment, lookupBlock(moment, blktab, block), blksize);
    for (let from = 0; from < blksize; from += window.length) {
      options.signal?.throwIfAborted();
      const bytes = window.subarray(0, blksize - from);
      source.fill(bytes, from);
      await write(bytes);
      done += bytes.length;
      options.onProgress?.(done, size);
    }
  }
  return { bytes: size };
}

function writeToStdout(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
