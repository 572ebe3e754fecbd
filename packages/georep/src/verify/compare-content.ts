import { setImmediate as nextTurn } from "node:timers/promises";

import { close } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { maxDigested } from "../rpc/inspect-messages.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import { digestOf } from "../tree/digest.ts";
import { openFileAt } from "../tree/read-object.ts";

/** Bytes that both ends read at the same time. */
const span = 32 * 1024 * 1024;

/** A name in a directory that is open here and known there. */
export interface NamedFile {
  readonly dirfd: number;
  readonly directory: FileId;
  readonly name: Buffer;
  readonly size: number;
}

/** SHA-256 of a small file's content; empty for what cannot be opened any more. @throws ErrnoError EACCES */
export function smallDigest({ dirfd, name, size }: Omit<NamedFile, "directory">): Buffer {
  return withFile(dirfd, name, (fd) => digestOf(fd, 0, size)) ?? Buffer.alloc(0);
}

/**
 * Compares a large file part by part: while the destination reads one, the source reads it, too.
 *
 * @returns offset of the first part that differs; undefined: none does
 */
export async function compareLarge(secondary: Secondary, file: NamedFile): Promise<number | undefined> {
  for (let at = 0; at < file.size; at += span) {
    const there = secondary.digest(file.directory, file.name, at, span);
    there.catch(() => undefined); // told below
    await nextTurn();
    const here = withFile(file.dirfd, file.name, (fd) => digestOf(fd, at, span));
    if (here?.equals(await there) !== true) return at;
  }
  return undefined;
}

/** Tells whether the digest of a file comes together with its name. */
export const isSmall = (size: number): boolean => size <= maxDigested;

function withFile<T>(dirfd: number, name: Buffer, action: (fd: number) => T): T | undefined {
  const fd = openFileAt(dirfd, name);
  if (fd === undefined) return undefined;
  try {
    return action(fd);
  } finally {
    close(fd);
  }
}
