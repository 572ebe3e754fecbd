import type { Oid } from "@belay/zodb";
import type { Epoch, FileChange } from "../changes.ts";
import type { Table, TrackedFile } from "./tracked-file.ts";

interface Gathered {
  readonly blocks: Set<number>;
  sizeChanged: boolean;
  epoch: Epoch | undefined;
}

/** Gathers what one commit changes in files. */
export class CommitChanges {
  readonly #changes = new Map<TrackedFile, Gathered>();

  /** Blocks of a table are linked to other objects: this can change the size. */
  relinked(table: Table, blocks: Iterable<number>): void {
    const list = [...blocks];
    for (const file of table.users) {
      const change = this.#of(file);
      change.sizeChanged = true;
      for (const blk of list) change.blocks.add(blk);
    }
  }

  /** The object that a block of a table is linked to was written. */
  rewritten(table: Table, blk: number): void {
    for (const file of table.users) this.#of(file).blocks.add(blk);
  }

  /** Takes the place of all other changes of the file. */
  epoch(file: TrackedFile, epoch: Epoch): void {
    this.#changes.set(file, { blocks: new Set(), sizeChanged: true, epoch });
  }

  byFile(): Map<Oid, FileChange> {
    return new Map([...this.#changes].map(([file, change]) => [file.oid, change]));
  }

  #of(file: TrackedFile): Gathered {
    let change = this.#changes.get(file);
    if (!change) this.#changes.set(file, (change = { blocks: new Set(), sizeChanged: false, epoch: undefined }));
    return change;
  }
}
