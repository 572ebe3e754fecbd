import type { BigFile } from "./big-file.ts";

/**
 * What keeps a reader's view still while head moves: before a read of head is answered, everyone who needs the old bytes of
 * its blocks has to have them.
 */
export interface IsolationGate {
  /**
   * Asks to let a read of the blocks from `first` to `last` through.
   *
   * @param proceed called once, at once or later; head may have moved in between
   */
  beforeRead(file: BigFile, first: number, last: number, proceed: () => void): void;
}

/** The gate while nobody can watch. */
export const openGate: IsolationGate = { beforeRead: (_file, _first, _last, proceed) => proceed() };
