import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { Digest } from "./database.ts";
import type { World } from "./world.ts";

/** SHA-1 of a block of zeros. */
export function zeros(blksize: number): string {
  return createHash("sha1").update(Buffer.alloc(blksize)).digest("hex");
}

/** The digests of all blocks, holes included. */
export function allBlocks(digest: Digest): string[] {
  const hole = zeros(digest.blksize);
  return Array.from({ length: digest.size / digest.blksize }, (_, blk) => digest.blocks[blk] ?? hole);
}

/** Compares a file of the mount with what Python finds in the database at that moment; without one, at head. */
export async function expectAsInDatabase(
  world: Pick<World, "database" | "reader" | "blksize">,
  file: string,
  at?: string,
): Promise<void> {
  const digest = await world.database.digest(file, at);
  const path = at === undefined ? `head/bigfile/${file}` : `@${at}/bigfile/${file}`;
  const got = await world.reader.blocks(path, digest.blksize);
  expect({ path, ...got }).toEqual({ path, size: digest.size, blocks: allBlocks(digest) });
}
