import { maxIdBytes, type FileId } from "../ids/file-id.ts";
import type { ObjectState } from "../tree/object-state.ts";
import { malformed, WireReader, type WireWriter } from "./wire.ts";

/** The closed table of what a worker, or somebody who only looks (`survey`, `forget`), may ask of a secondary. */
export const methods = {
  hello: 1,
  apply: 2,
  signatures: 3,
  begin: 4,
  data: 5,
  end: 6,
  finish: 7,
  list: 8,
  ping: 9,
  copy: 10,
  inspect: 11,
  digest: 12,
  stage: 13,
  take: 14,
  survey: 15,
  forget: 16,
  fill: 17,
  sums: 18,
  anew: 19,
  move: 20,
  share: 21,
  told: 22,
} as const;
export type Method = keyof typeof methods;

/** Length of the id of a secondary's memory, the answer to `hello`. */
export const replicaIdBytes = 16;

/** What is known about the content of a regular file that is told of. */
export const contentHints = ["keep", "compare", "changed", "renew"] as const;
export type ContentHint = (typeof contentHints)[number];

/** An object as the source has it now. */
export interface ObjectChange extends ObjectState {
  readonly content: ContentHint;
  /** Its last change lies so far back that another one would show in its ctime. */
  readonly settled: boolean;
  /** Whole content of a small file. */
  readonly inline: Buffer | undefined;
}

/** A name that is to be looked at: what it has to stand for. */
export interface EntryChange {
  readonly parent: FileId;
  readonly name: Buffer;
  /** Index into the objects of the same message; undefined: the name has to go. */
  readonly object: number | undefined;
  /** What may stay at a name that has to go, because it is left out of the replica; all: nothing is known of the name. */
  readonly spares?: "directories" | "others" | "all" | undefined;
  /** What stood there before was changed, and the source cannot find it any more by its id: its other names are asked for. */
  readonly hasLost?: boolean | undefined;
}

/** A name in a directory. */
export type EntryName = Pick<EntryChange, "parent" | "name">;

export interface ApplyRequest {
  readonly objects: readonly ObjectChange[];
  readonly entries: readonly EntryChange[];
}

/** Something that could not be done. */
export interface Failure {
  /** Directory and name, or with an empty name the object itself. */
  readonly id: FileId;
  readonly name: Buffer;
  /** Errno name; `EPARENT`: the directory is not known at the destination. */
  readonly code: string;
  readonly message: string;
}

/** Content the secondary needs. */
export interface Want {
  readonly id: FileId;
  /** Bytes it has of an older content, to send differences to; 0: everything is needed. */
  readonly base: number;
}

export interface ApplyReply {
  /** Directories that were there and were not known: what is in them has to be compared. */
  readonly crawl: readonly FileId[];
  /** Directories that were made: nothing is in them. */
  readonly made: readonly FileId[];
  readonly wants: readonly Want[];
  /** Objects that lost a name, and will be deleted when the batch ends unless they are wanted elsewhere. */
  readonly detached: readonly FileId[];
  /** Other names of what was changed under one that has gone: these are to be looked at. */
  readonly others: readonly EntryName[];
  readonly failures: readonly Failure[];
}

/** Most files that a program brings at once. */
export const maxStaged = 500;
export const maxPath = 4096;

export const maxObjects = 4000;
/** Longest name, in bytes. */
export const maxName = 255;
const maxXattrValue = 64 * 1024;
/** Most extended attributes of an object. */
export const maxXattrs = 4096;
/** Largest content that travels with its object. */
export const maxInline = 128 * 1024;
export const maxData = 1024 * 1024;
/** Most blocks whose signatures or sums are asked for at once. */
export const maxBlocks = 65_536;
/** Most bytes of one `copy` or `move`: the connection is silent meanwhile. */
export const maxCopy = 64 * 1024 * 1024;

/** What the receiving end has to observe for as long as it is connected. */
export interface SessionRules {
  /** Extended attributes other than ACLs are made what they have to be; otherwise those of the destination are left alone. */
  readonly syncXattrs: boolean;
  readonly syncAcls: boolean;
  /** What is deleted at the source stays. */
  readonly ignoreDeletes: boolean;
  /** What is in the way and not ours is moved aside; otherwise the name fails. */
  readonly setsConflictsAside: boolean;
}

const ruleNames = ["syncXattrs", "syncAcls", "ignoreDeletes", "setsConflictsAside"] as const;

export function writeRules(to: WireWriter, rules: SessionRules): void {
  to.u8(ruleNames.reduce((bits, name, index) => bits | (Number(rules[name]) << index), 0));
}

export function readRules(from: WireReader): SessionRules {
  const bits = from.u8();
  if (bits >= 1 << ruleNames.length) throw malformed("rules that are not known here");
  const has = (name: (typeof ruleNames)[number]) => (bits & (1 << ruleNames.indexOf(name))) !== 0;
  return {
    syncXattrs: has("syncXattrs"),
    syncAcls: has("syncAcls"),
    ignoreDeletes: has("ignoreDeletes"),
    setsConflictsAside: has("setsConflictsAside"),
  };
}

export const readId = (reader: WireReader): FileId => reader.copy(maxIdBytes, 1);

/** A name that can only mean something in its own directory. */
export function readName(reader: WireReader): Buffer {
  return checkedName(reader.copy(maxName, 1));
}

function checkedName(name: Buffer): Buffer {
  if (name.includes(0) || name.includes(0x2f)) throw malformed("a name with a slash or NUL");
  if (name.equals(dot) || name.equals(dotDot)) throw malformed("a name that is . or ..");
  return name;
}

// It is looked at where it says: it may lead nowhere else.
function readNameOrNone(reader: WireReader): Buffer {
  const name = reader.copy(maxName);
  return name.length === 0 ? name : checkedName(name);
}

/** As {@link readName}, as a `keyOf`. */
export function readNameKey(reader: WireReader): string {
  const name = reader.latin1(maxName, 1);
  if (name.includes("/") || name.includes("\0") || name === "." || name === "..")
    throw malformed("what cannot be a name");
  return name;
}

const dot = Buffer.from(".");
const dotDot = Buffer.from("..");
/** What a name that has to go may spare. Where an object's index would be, each has the number that lies so far below the largest one. */
const spared = [undefined, "directories", "others", "all"] as const;
const largestCode = 0x7fff_ffff;
/** Joined to the code: see `hasLost`. */
const lostBit = 0x8000_0000;

const goesCode = (spares: EntryChange["spares"]): number => largestCode - spared.indexOf(spares);

function readEntry(parent: FileId, name: Buffer, sent: number, objects: number): EntryChange {
  const hasLost = sent >= lostBit;
  const code = hasLost ? sent - lostBit : sent;
  const below = largestCode - code;
  if (below < spared.length) return { parent, name, object: undefined, spares: spared[below], hasLost };
  if (code >= objects) throw malformed("an entry without its object");
  return { parent, name, object: code, hasLost };
}

export function writeApply(writer: WireWriter, { objects, entries }: ApplyRequest): void {
  writer.list(objects, writeObject).list(entries, (to, { parent, name, object, spares, hasLost }) => {
    to.bytes(parent)
      .bytes(name)
      .u32((object ?? goesCode(spares)) + (hasLost === true ? lostBit : 0));
  });
}

export function readApply(reader: WireReader): ApplyRequest {
  const objects = reader.list(2 * maxObjects, readObject);
  const entries = reader.list(maxObjects, (from) => {
    const [parent, name, code] = [readId(from), readName(from), from.u32()];
    return readEntry(parent, name, code, objects.length);
  });
  return { objects, entries };
}

/** Everything of an object but its content. */
export function writeState(to: WireWriter, o: ObjectState): void {
  to.bytes(o.id).u32(o.mode).u32(o.uid).u32(o.gid).u64(o.size).i64(o.mtime).i64(o.ctime).u32(o.nlink);
  to.u32(o.rdevMajor).u32(o.rdevMinor).bytes(o.target);
  to.list(o.xattrs, (xattr, { name, value }) => xattr.bytes(name).bytes(value));
}

function writeObject(to: WireWriter, o: ObjectChange): void {
  writeState(to, o);
  to.u8(contentHints.indexOf(o.content))
    .u8(Number(o.settled))
    .u8(Number(o.inline !== undefined));
  if (o.inline !== undefined) to.bytes(o.inline);
}

/** @param least  bytes its id has at least; 0 where it need not be known */
export function readState(from: WireReader, least: number): ObjectState {
  return {
    id: from.copy(maxIdBytes, least),
    mode: from.u32() & 0o177777,
    uid: from.u32(),
    gid: from.u32(),
    size: from.u64(),
    mtime: from.i64(),
    ctime: from.i64(),
    nlink: from.u32(),
    rdevMajor: from.u32(),
    rdevMinor: from.u32(),
    target: from.copy(4096),
    xattrs: from.list(maxXattrs, readXattr),
  };
}

function readObject(from: WireReader): ObjectChange {
  return {
    ...readState(from, 1),
    content: contentHints[from.u8()] ?? badHint(),
    settled: from.bool(),
    inline: from.bool() ? from.bytes(maxInline) : undefined,
  };
}

function badHint(): never {
  throw malformed("an unknown hint about content");
}

function readXattr(from: WireReader): { name: Buffer; value: Buffer } {
  const name = from.copy(maxName, 1);
  if (name.includes(0)) throw malformed("an attribute's name with NUL");
  return { name, value: from.copy(maxXattrValue) };
}

export const writeIdTo = (to: WireWriter, id: FileId) => void to.bytes(id);

export function writeFailures(to: WireWriter, failures: readonly Failure[]): void {
  to.list(failures, (each, { id, name, code, message }) =>
    each.bytes(id).bytes(name).text(code).text(message.slice(0, 2000)),
  );
}

export function readFailures(from: WireReader): Failure[] {
  return from.list(4 * maxObjects, (each) => ({
    id: readId(each),
    name: readNameOrNone(each),
    code: each.text(40),
    message: each.text(8000),
  }));
}

export const writeEntryName = (to: WireWriter, { parent, name }: EntryName) => void to.bytes(parent).bytes(name);
export const readEntryName = (from: WireReader): EntryName => ({ parent: readId(from), name: readName(from) });

export function writeApplyReply(to: WireWriter, reply: ApplyReply): void {
  to.list(reply.crawl, writeIdTo).list(reply.made, writeIdTo);
  to.list(reply.wants, (each, { id, base }) => each.bytes(id).u64(base));
  to.list(reply.detached, writeIdTo).list(reply.others, writeEntryName);
  writeFailures(to, reply.failures);
}

export function readApplyReply(from: WireReader): ApplyReply {
  return {
    crawl: from.list(2 * maxObjects, readId),
    made: from.list(2 * maxObjects, readId),
    wants: from.list(2 * maxObjects, (each) => ({ id: readId(each), base: each.u64() })),
    detached: from.list(2 * maxObjects, readId),
    others: from.list(maxObjects, readEntryName),
    failures: readFailures(from),
  };
}

/** A part of a file that the worker has open, to be copied from there. */
export interface LocalPart {
  readonly id: FileId;
  /** The worker's descriptor. */
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
  /** Only what is not equal is written. */
  readonly isDelta: boolean;
}

export function writeCopy(to: WireWriter, { id, fd, offset, length, isDelta }: LocalPart): void {
  to.bytes(id).u32(fd).u64(offset).u32(length).u8(Number(isDelta));
}

export function readCopy(from: WireReader): LocalPart {
  const part = { id: readId(from), fd: from.u32(), offset: from.u64(), length: from.u32(), isDelta: from.bool() };
  if (part.length > maxCopy) throw malformed(`a part of ${part.length} bytes`);
  return part;
}

/** What is kept of a content that is made anew: what was told of it, or nothing, so that it has to be told from its beginning on. */
export const keptContents = ["told", "nothing"] as const;
export type KeptContent = (typeof keptContents)[number];

/** A part of the older content of a file, and where it is in the new one. */
export interface MovedPart {
  readonly from: number;
  readonly to: number;
  /** Bytes. */
  readonly length: number;
}

export function writeMove(to: WireWriter, id: FileId, part: MovedPart): void {
  to.bytes(id).u64(part.from).u64(part.to).u32(part.length);
}

export function readMove(from: WireReader): MovedPart & { readonly id: FileId } {
  const part = { id: readId(from), from: from.u64(), to: from.u64(), length: from.u32() };
  if (part.length > maxCopy) throw malformed(`a part of ${part.length} bytes`);
  return part;
}
