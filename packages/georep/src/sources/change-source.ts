import type { Logger } from "@belay/supervise";

import type { DirtyRecord } from "../journal/record.ts";
import type { SourceTree } from "./source-tree.ts";

/** Kinds of sources, best first. */
export const sourceKinds = ["fanotify", "inotify", "scan"] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** Tells what changes in a tree, until it is disposed of. */
export interface ChangeSource extends AsyncDisposable {
  readonly kind: SourceKind;
  /** Takes all that the kernel has to tell up to now. */
  drain(): void;
  /** Settles when watching cannot go on. */
  readonly failed: Promise<Error>;
}

/** What a source is given. */
export interface SourceContext {
  readonly tree: SourceTree;
  readonly path: string;
  /** Takes the changes, in order. */
  readonly tell: (records: readonly DirtyRecord[]) => void;
  readonly logger: Logger;
  /** Between two comparisons of the whole tree, for the source `scan`; milliseconds. */
  readonly scanEveryMs: number;
}

const nothing = Buffer.alloc(0);

/** A record that says: changes may have been missed below this directory. */
export function gapRecord(kinds: number, directory: Buffer): DirtyRecord {
  return { kinds, directory, name: nothing, object: nothing };
}
