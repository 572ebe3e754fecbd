import type { FileId } from "../ids/file-id.ts";
import {
  maxObjects,
  readEntryName,
  readId,
  readRules,
  replicaIdBytes,
  writeEntryName,
  writeIdTo,
  writeRules,
  type EntryName,
  type SessionRules,
} from "./messages.ts";
import type { WireReader, WireWriter } from "./wire.ts";

/** What a worker remembers of its destination. */
export interface Expected {
  /** Names the memory there; {@link noReplica}: nothing was written to it yet. */
  readonly replica: Buffer;
  /** Where it was, as the secondary said. */
  readonly site: string;
}

/** Of a destination that has been looked at, and no more. */
export const noReplica = Buffer.alloc(replicaIdBytes);

/** What a worker begins with. */
export interface Hello {
  /** Of the source. */
  readonly rootId: FileId;
  readonly rules: SessionRules;
  /** Undefined: it has written to none yet, or any destination is right. */
  readonly expected: Expected | undefined;
}

/** What a batch that was cut off may have left other than the secondary remembers it, and nobody need tell of again. */
export interface Suspect {
  /** To be compared, with all below them. */
  readonly directories: readonly FileId[];
  /** To be looked at. */
  readonly names: readonly EntryName[];
}

/** What a secondary answers. */
export interface Welcome {
  /** Names what the secondary remembers of its destination; another one remembers nothing of what was sent before. */
  readonly replica: Buffer;
  /** It can reach what the worker has open. */
  readonly isChild: boolean;
  /** Where the destination lies. */
  readonly site: string;
  /** Batches that were finished with this memory. */
  readonly finished: number;
  readonly suspect: Suspect;
}

/** Paths of a mount, each byte as `\xNN` at worst. */
const maxSite = 64 * 1024;

export function writeHello(to: WireWriter, { rootId, rules, expected }: Hello): void {
  writeRules(to.bytes(rootId), rules);
  to.u8(Number(expected !== undefined));
  if (expected !== undefined) to.bytes(expected.replica).text(expected.site);
}

export function readHello(from: WireReader): Hello {
  const [rootId, rules] = [readId(from), readRules(from)];
  return {
    rootId,
    rules,
    expected: from.bool() ? { replica: readReplica(from), site: from.text(maxSite) } : undefined,
  };
}

export function writeWelcome(to: WireWriter, { replica, isChild, site, finished, suspect }: Welcome): void {
  to.bytes(replica).u8(Number(isChild)).text(site).u64(finished);
  to.list(suspect.directories, writeIdTo).list(suspect.names, writeEntryName);
}

export function readWelcome(from: WireReader): Welcome {
  return {
    replica: readReplica(from),
    isChild: from.bool(),
    site: from.text(maxSite),
    finished: from.u64(),
    suspect: { directories: from.list(maxObjects, readId), names: from.list(maxObjects, readEntryName) },
  };
}

const readReplica = (from: WireReader): Buffer => from.copy(replicaIdBytes, replicaIdBytes);
