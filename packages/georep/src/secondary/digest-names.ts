import { stampAt } from "@belay/linux";

import { mentionsInode } from "../ids/file-id.ts";
import type { ListRequest } from "../rpc/list-messages.ts";
import type { ListingDigest } from "../tree/listing-digest.ts";
import { statAt } from "../tree/read-object.ts";
import type { Batch } from "./batch.ts";
import type { MappedObject } from "./map-rows.ts";

/** What a digest is formed of. */
export interface NamesToDigest {
  readonly batch: Batch;
  readonly dirfd: number;
  /** In order. */
  readonly names: readonly string[];
  readonly digest: ListingDigest;
}

/**
 * Digest of what the source had when all of these names were last applied.
 *
 * @returns undefined where one is not as it was left, or the source may have changed since then and not show it: or nobody asked for a digest
 */
export function digestNames(
  { batch, dirfd, names, digest }: NamesToDigest,
  { directory, after, inodeAt }: Required<ListRequest>,
): Buffer | undefined {
  const { map } = batch.session;
  if (inodeAt === 0 || inodeAt + 4 > directory.length) return undefined;
  digest.clear();
  if (after === "") {
    const [object, stat] = [map.get(directory), statAt(dirfd, nothing)];
    if (object === undefined || stat === undefined || !isAsApplied(object, stat)) return undefined;
    digest.add("", object, directory.readUInt32LE(inodeAt));
  }
  const [first = "", last = ""] = [names[0], names.at(-1)];
  const known = map.children(directory, Buffer.from(first, "latin1"), Buffer.from(last, "latin1"));
  if (known.length !== names.length) return undefined;
  for (const [index, { name, object }] of known.entries()) {
    const stamp = name === names[index] ? stampAt(dirfd, name) : undefined;
    if (stamp === undefined || !isAsApplied(object, stamp) || inodeAt + 4 > object.id.length) return undefined;
    digest.add(name, object, object.id.readUInt32LE(inodeAt));
  }
  return digest.take();
}

const nothing = Buffer.alloc(0);

interface Here {
  readonly ctime: bigint;
  readonly ino: bigint;
}

// Of one that is not settled the ctime is not known.
const isAsApplied = (object: MappedObject, here: Here): boolean => object.ctime !== 0n && isAsLeft(object, here);

/** Tells whether nobody has touched an object here since we did: nothing can come to a name without its ctime telling. */
export const isAsLeft = ({ here, hereCtime }: MappedObject, { ctime, ino }: Here): boolean =>
  ctime === hereCtime && mentionsInode(here, ino);
