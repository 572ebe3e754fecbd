import { maxIdBytes, type FileId } from "../ids/file-id.ts";
import { listingDigestSize } from "../tree/listing-digest.ts";
import { maxName, readId, readNameKey } from "./messages.ts";
import { malformed, type WireReader, type WireWriter } from "./wire.ts";

/** A directory whose names are asked for. */
export interface ListRequest {
  readonly directory: FileId;
  /** Only names behind this one, a `keyOf`; empty: all. */
  readonly after: string;
  /** Only names up to this one; empty: to the end. */
  readonly upTo?: string;
  /** Where all is as it was left, a digest will do. Tells where ids of the source have their inode numbers; 0: the names are wanted. */
  readonly inodeAt?: number;
}

/** One name of a directory at the destination. */
export interface ListedName {
  /** By `keyOf`. */
  readonly name: string;
  /** Empty when the object there is not ours. */
  readonly id: FileId;
  /** As it was left by us: nobody changed it there. */
  readonly intact: boolean;
  /** Of the source, when last applied; ctime 0 when a change since then may not show in it. */
  readonly mode: number;
  readonly mtime: bigint;
  readonly ctime: bigint;
}

/** A portion of a directory, in the order of the bytes of its names. */
export interface ListReply {
  readonly known: boolean;
  /** The portion ends with this name, more may follow; empty: it reaches to the end of what was asked for. */
  readonly upTo: string;
  /** A `ListingDigest` in the place of the names, with the directory itself in the first portion; empty: they are told. */
  readonly digest: Buffer;
  readonly names: readonly ListedName[];
}

/** Most directories of one request. */
export const maxListedDirectories = 64;
/** Most names of all portions of one reply. */
export const maxListed = 2000;

export function writeList(to: WireWriter, requests: readonly ListRequest[]): void {
  to.list(requests, (each, { directory, after, upTo = "", inodeAt = 0 }) =>
    each.bytes(directory).latin1(after).latin1(upTo).u8(inodeAt),
  );
}

export function readList(from: WireReader): Required<ListRequest>[] {
  return from.list(maxListedDirectories, (each) => ({
    directory: readId(each),
    after: each.latin1(maxName),
    upTo: each.latin1(maxName),
    inodeAt: each.u8(),
  }));
}

/** A reply answers the first requests, one at least; whoever asked asks again for the rest. */
export function writeListReplies(to: WireWriter, replies: readonly ListReply[]): void {
  to.list(replies, (each, { known, upTo, digest, names }) => {
    each.u8(Number(known)).latin1(upTo).bytes(digest);
    each.list(names, writeListed);
  });
}

function writeListed(to: WireWriter, { name, id, intact, mode, mtime, ctime }: ListedName): void {
  to.latin1(name).bytes(id).u8(Number(intact)).u32(mode).i64(mtime).i64(ctime);
}

/** @param asked  number of requests */
export function readListReplies(from: WireReader, asked: number): ListReply[] {
  const replies = from.list(asked, (each) => ({
    known: each.bool(),
    upTo: each.latin1(maxName),
    digest: each.bytes(listingDigestSize),
    names: each.list(maxListed, readListed),
  }));
  if (replies.length === 0) throw malformed("an answer to nothing of what was asked");
  return replies;
}

function readListed(from: WireReader): ListedName {
  return {
    name: readNameKey(from),
    id: from.bytes(maxIdBytes),
    intact: from.bool(),
    mode: from.u32(),
    mtime: from.i64(),
    ctime: from.i64(),
  };
}
