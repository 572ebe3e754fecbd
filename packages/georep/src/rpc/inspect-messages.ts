import type { ObjectState } from "../tree/object-state.ts";
import { readId, readName, readState, writeState } from "./messages.ts";
import { malformed, type WireReader, type WireWriter } from "./wire.ts";
import type { FileId } from "../ids/file-id.ts";

/** What a name of a directory is at the destination, to be compared with the source. */
export interface Inspected {
  /** Its id is that of the source's object it stands for; empty: of none. */
  readonly state: ObjectState;
  /** SHA-256 of the content of a regular file up to {@link maxDigested}, where it was asked for; otherwise empty. */
  readonly digest: Buffer;
}

export interface InspectRequest {
  readonly directory: FileId;
  /** An empty one is the directory itself. */
  readonly names: readonly Buffer[];
  readonly withContent: boolean;
}

export interface InspectReply {
  /** Whether the directory is known. */
  readonly known: boolean;
  /** Whether owners can be set there at all. */
  readonly owns: boolean;
  /** Of the first names of the request, as many as a reply holds; undefined: there is no such name. */
  readonly names: readonly (Inspected | undefined)[];
}

/** Most names of one request. */
export const maxInspected = 500;
/** Largest content whose digest comes with its name; that of larger ones is asked for in parts. */
export const maxDigested = 1024 * 1024;
/** Most bytes whose digest is asked for at once. */
export const maxSpan = 64 * 1024 * 1024;

export function writeInspect(to: WireWriter, { directory, names, withContent }: InspectRequest): void {
  to.bytes(directory).u8(Number(withContent));
  to.list(names, (each, name) => each.bytes(name));
}

export function readInspect(from: WireReader): InspectRequest {
  const [directory, withContent] = [readId(from), from.bool()];
  return { directory, withContent, names: from.list(maxInspected, readNameOrSelf) };
}

export function readNameOrSelf(from: WireReader): Buffer {
  return from.peekLength() === 0 ? Buffer.from(from.bytes(0)) : readName(from);
}

export function writeInspectReply(to: WireWriter, { known, owns, names }: InspectReply): void {
  to.u8(Number(known)).u8(Number(owns));
  to.list(names, (each, inspected) => {
    each.u8(Number(inspected !== undefined));
    if (inspected === undefined) return;
    writeState(each, inspected.state);
    each.bytes(inspected.digest);
  });
}

export function readInspectReply(from: WireReader): InspectReply {
  const [known, owns] = [from.bool(), from.bool()];
  const names = from.list(maxInspected, (each): Inspected | undefined => {
    if (!each.bool()) return undefined;
    const [state, digest] = [readState(each, 0), Buffer.from(each.bytes(32))];
    if (digest.length !== 0 && digest.length !== 32) throw malformed("a digest of another length");
    return { state, digest };
  });
  return { known, owns, names };
}
