import type { FileId } from "../ids/file-id.ts";
import type { MovedPart } from "../rpc/messages.ts";

/** A file of which the destination has an older content. */
export interface FileToCompare {
  readonly id: FileId;
  readonly fd: number;
  readonly size: number;
  /** Bytes that the destination has. */
  readonly base: number;
}

/** Takes what the destination needs. */
export interface Output {
  /** @param bytes  its own from now on */
  piece(offset: number, bytes: Buffer): Promise<void>;
  /** @returns the same content, to be made anew behind `before`; undefined: the destination cannot do it */
  makeAnew(before: number): Promise<NewContent | undefined>;
}

/** Content that is empty behind what was told of it, and made of parts. */
export interface NewContent {
  /** A part of the file, to be read; nothing has to be told of zeros. */
  range(start: number, end: number): Promise<void>;
  /** What the destination has in its older content. */
  move(part: MovedPart): Promise<void>;
}
