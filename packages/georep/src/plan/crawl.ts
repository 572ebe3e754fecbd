import type { FileId } from "../ids/file-id.ts";
import type { DirtyRecord } from "../journal/record.ts";
import { errnoFailure } from "../rpc/failure.ts";
import type { ListReply } from "../rpc/list-messages.ts";
import type { Failure } from "../rpc/messages.ts";
import { DirectoryComparison } from "./compare-directory.ts";
import type { Ends } from "./ends.ts";

/** What a step of comparing a directory with its copy found. */
export interface CrawlStep {
  readonly dirty: readonly DirtyRecord[];
  /** Directories in it: they are to be compared next. */
  readonly below: readonly FileId[];
  /** The directory cannot be looked at. */
  readonly failures: readonly Failure[];
  /** There is nothing in it, and something of ours at the destination. */
  readonly isEmptied: boolean;
  /** All of the directory is compared. */
  readonly isDone: boolean;
}

/** Most names of one step: what takes some milliseconds. */
const stepNames = 250;

/**
 * Compares the names of one directory with those at the destination: what is missing there, what is too much, what is not as it was left or not
 * as it is now. Directories in it are to be compared when that is applied, also those that were only moved: things may have changed in them.
 */
export class Crawling {
  readonly directory: FileId;
  readonly #comparison: DirectoryComparison;
  /** Where the next portion begins, see `ListRequest`. */
  after = "";
  #hasFailed = false;

  constructor(ends: Ends, directory: FileId) {
    this.directory = directory;
    this.#comparison = new DirectoryComparison(ends, directory);
  }

  /** Notes where the next portion begins. @returns whether there is one */
  expectAfter({ known, upTo }: ListReply): boolean {
    this.after = upTo;
    return known && upTo !== "";
  }

  /** Compares a portion. @returns what each step found, the last of the last portion being the end */
  *compare(reply: ListReply): Generator<CrawlStep, void> {
    const isLast = !reply.known || reply.upTo === "";
    if (!reply.known || this.#hasFailed) {
      yield { dirty: [], below: [], failures: [], isEmptied: false, isDone: isLast };
      return;
    }
    this.#comparison.take(reply);
    for (let isOver = false; !isOver;) {
      const failures: Failure[] = [];
      try {
        isOver = this.#comparison.step(stepNames);
      } catch (error) {
        failures.push(errnoFailure(this.directory, error));
        this.#hasFailed = true;
        isOver = true;
      }
      yield { ...this.#comparison.takeFound(), failures, isDone: isOver && isLast };
    }
  }
}
