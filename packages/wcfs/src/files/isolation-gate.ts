import type { Answer } from "../tree/node.ts";
import type { BigFile } from "./big-file.ts";

/**
 * What keeps a reader's view still while head moves: before a read of head is answered, everyone who needs the old bytes of
 * its blocks has to have them.
 */
export interface IsolationGate {
  /**
   * Asks to let a read of the blocks from `first` to `last` through.
   *
   * @param answer given at once or later, in the very step in which everyone is ready: the read has to be filled then, before anything else
   *   happens. Head may have moved in between. Refused when the reader cannot be served any more
   */
  beforeRead(file: BigFile, first: number, last: number, answer: Answer<void>): void;
}
