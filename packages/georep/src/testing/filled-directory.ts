import { expect } from "vitest";

import type { ObjectChange } from "../rpc/messages.ts";
import { WireReader } from "../rpc/wire.ts";
import type { Batch } from "../secondary/batch.ts";
import { fillDirectory } from "../secondary/fill.ts";
import { applyChanges } from "../secondary/serve.ts";
import { fileChange } from "./file-change.ts";
import { fillOf, type NewFile } from "./new-file.ts";
import { entryOf, rootId } from "./session-place.ts";

/** Of all that is told of here. */
export const times = { mtime: 1_700_000_000_123_456_789n, ctime: 1_700_000_001_000_000_000n };

/** A file of a `fill`; its id is its name. */
export function newFile(name: string, text: string, more: Partial<NewFile> = {}): NewFile {
  const { uid, gid } = fileChange(name);
  const ids = { id: Buffer.from(name), cName: Buffer.from(`${name}\0`) };
  return { ...ids, mode: 0o100644, uid, gid, ...times, content: Buffer.from(text), ...more };
}

/** Fills a directory. @returns names that were left alone */
export function fill(batch: Batch, directory: Buffer, files: readonly NewFile[]): string[] {
  const left = fillDirectory(batch, new WireReader(fillOf(directory, files)));
  return left.map((index) => files[index]?.cName.toString("latin1", 0, files[index].cName.length - 1) ?? "");
}

/** A directory that a comparison found missing, or that somebody has just made. */
export const directoryOf = (id: string, content: ObjectChange["content"]): ObjectChange =>
  fileChange(id, { mode: 0o040755, content, ...times });

/** Tells of a new directory, whose id is its name. */
export function makeDirectory(batch: Batch, name: string, content: ObjectChange["content"], parent = rootId): void {
  const entry = { ...entryOf(name, 0), parent };
  expect(applyChanges(batch, { objects: [directoryOf(name, content)], entries: [entry] }).failures).toEqual([]);
}
