import type { ObjectState } from "../tree/object-state.ts";
import { maxName, readName, readNameKey, readState, writeState } from "./messages.ts";
import type { WireReader, WireWriter } from "./wire.ts";

/** A directory that is looked at by its path. Nothing is opened for writing, and no session is needed. */
export interface SurveyRequest {
  /** Names from the destination's root on; none: the root itself. */
  readonly path: readonly Buffer[];
  /** Only names behind this one, a `keyOf`; empty: all. */
  readonly after: string;
}

/** One name, as it is there. */
export interface SurveyedName {
  /** By `keyOf`. */
  readonly name: string;
  /** Its id is empty when it comes from the other side. */
  readonly state: ObjectState;
}

/** A portion of a directory, in the order of the bytes of its names. */
export interface SurveyReply {
  /** Whether there is such a directory. */
  readonly found: boolean;
  /** Whether the receiving end remembers this session. */
  readonly isKnown: boolean;
  /** Whether the root, or where it would be made, can be written. */
  readonly isWritable: boolean;
  /** Whether owners can be set there at all. */
  readonly owns: boolean;
  /** The portion ends with this name, more may follow; empty: it reaches to the end. */
  readonly upTo: string;
  readonly names: readonly SurveyedName[];
}

/** What is left when the receiving end has forgotten a session: things that were not its own. */
export interface ForgetReply {
  readonly isKnown: boolean;
  readonly keptConflicts: number;
}

/** Most names of one reply, and most bytes of attributes before it is cut short. */
export const maxSurveyed = 1000;
export const maxSurveyedBytes = 2 * 1024 * 1024;
/** Deepest path that is looked at. */
const maxDepth = 2048;

export function writeSurvey(to: WireWriter, { path, after }: SurveyRequest): void {
  to.list(path, (each, name) => each.bytes(name)).latin1(after);
}

export function readSurvey(from: WireReader): SurveyRequest {
  return { path: from.list(maxDepth, readName), after: from.latin1(maxName) };
}

export function writeSurveyReply(to: WireWriter, reply: SurveyReply): void {
  for (const flag of [reply.found, reply.isKnown, reply.isWritable, reply.owns]) to.u8(Number(flag));
  to.latin1(reply.upTo).list(reply.names, (each, { name, state }) => {
    each.latin1(name);
    writeState(each, { ...state, id: nothing });
  });
}

const nothing = Buffer.alloc(0);

export function readSurveyReply(from: WireReader): SurveyReply {
  const [found, isKnown, isWritable, owns] = [from.bool(), from.bool(), from.bool(), from.bool()];
  return { found, isKnown, isWritable, owns, upTo: from.latin1(maxName), names: from.list(maxSurveyed, readSurveyed) };
}

function readSurveyed(from: WireReader): SurveyedName {
  return { name: readNameKey(from), state: readState(from, 0) };
}

export function writeForgetReply(to: WireWriter, { isKnown, keptConflicts }: ForgetReply): void {
  to.u8(Number(isKnown)).u32(keptConflicts);
}

export function readForgetReply(from: WireReader): ForgetReply {
  return { isKnown: from.bool(), keptConflicts: from.u32() };
}
