import type { Stamp } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { firstBehind, namesIn } from "../tree/names-in.ts";
import { fileIdIfThere } from "../tree/read-object.ts";
import type { Exclusion } from "./exclusion.ts";

/** Names of a directory behind one and up to another; empty: from the beginning, to the end. */
export interface NameRange {
  readonly after: string;
  readonly upTo: string;
}

export const allNames: NameRange = { after: "", upTo: "" };

/** The names of a directory of the source, in order, as they were when they were first asked for: for all parts of one comparison. */
export class SourceNames {
  #names: readonly string[] | undefined;

  /** @param fd  the directory, open */
  read(fd: number, isRoot: boolean, { isWhole }: Exclusion): readonly string[] {
    return (this.#names ??= isWhole ? [] : namesIn(fd, isRoot).sort()); // strings of bytes: in their order
  }
}

/** Where a range begins and ends in sorted names. */
export function indexesOf(names: readonly string[], { after, upTo }: NameRange): [first: number, end: number] {
  return [after === "" ? 0 : firstBehind(names, after), upTo === "" ? names.length : firstBehind(names, upTo)];
}

/** Id of a name; undefined when it is gone. */
export function idAtName(fd: number, name: string): FileId | undefined {
  return fileIdIfThere(fd, Buffer.from(name, "latin1"));
}

/** False: it is of another file system, so no part of the tree. */
export function isOnDevice({ devMajor, devMinor }: Stamp, { device }: Pick<SourceTree, "device">): boolean {
  return `${devMajor}:${devMinor}` === device;
}
