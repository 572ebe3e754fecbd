import type { FileId } from "../ids/file-id.ts";
import { dirty, type DirtyRecord } from "../journal/record.ts";
import { errnoFailure } from "../rpc/failure.ts";
import type { ListReply, ListRequest } from "../rpc/list-messages.ts";
import type { Failure } from "../rpc/messages.ts";
import { DirectoryComparison, type Found, type NamesOfDirectory, type Side } from "./compare-directory.ts";
import { allNames, SourceNames, type NameRange } from "./source-names.ts";

/** What a step of comparing a directory with its copy found. */
export interface CrawlStep {
  readonly dirty: readonly DirtyRecord[];
  /** Directories in it: they are to be compared next. */
  readonly below: readonly FileId[];
  /** The directory cannot be looked at. */
  readonly failures: readonly Failure[];
  /** There is nothing in it, and something of ours at the destination. */
  readonly isEmptied: boolean;
  /** Some of the names are not equal by their digest: they have to be compared by themselves. */
  readonly differing: Crawling | undefined;
  /** All of it is compared. */
  readonly isDone: boolean;
}

/**
 * Most names of one step: what takes some milliseconds, also when all of them are directories that the destination lacks. These are filled in the same batch, and so not
 * many of them may be made at once.
 */
export const stepNames = 64;

interface Part extends NamesOfDirectory {
  /** See `ListRequest`. */
  readonly inodeAt: number;
}

/** A comparison of all of a directory. */
export function crawlDirectory(side: Side, directory: FileId): Crawling {
  return new Crawling({ side, directory, names: new SourceNames(), range: allNames, inodeAt: side.tree.inodeAt });
}

const nothingFound: Found = { dirty: [], below: [], isEmptied: false, differing: undefined };

/**
 * Compares the names of one directory with those at the destination: what is missing there, what is too much, what is not as it was left or not
 * as it is now. Directories in it are to be compared when that is applied, also those that were only moved: things may have changed in them.
 *
 * First by digests of portions, where nothing has to be told of what is equal; of a portion that is not, name by name.
 */
export class Crawling {
  readonly #part: Part;
  readonly #comparison: DirectoryComparison;
  #inodeAt: number;
  #after: string;
  #hasFailed = false;

  constructor(part: Part) {
    this.#part = part;
    this.#inodeAt = part.inodeAt;
    this.#after = part.range.after;
    this.#comparison = new DirectoryComparison(part);
  }

  /** What is to be asked for next. */
  get request(): ListRequest {
    const { directory, range } = this.#part;
    return { directory, after: this.#after, upTo: range.upTo, inodeAt: this.#inodeAt };
  }

  /** Notes where the next portion begins. @returns whether there is one */
  expectAfter({ known, upTo }: ListReply): boolean {
    this.#after = upTo;
    return known && upTo !== "";
  }

  /**
   * Compares a portion.
   *
   * @param tellsItself  a directory that the destination does not know, or does not find, is told under its own name, and compared again then
   * @returns what each step found, the last of the last portion being the end
   */
  *compare(reply: ListReply, tellsItself: boolean): Generator<CrawlStep, void> {
    const isLast = !reply.known || reply.upTo === "";
    if (!reply.known || this.#hasFailed) {
      const itself = !reply.known && tellsItself ? this.#itself() : [];
      yield { ...nothingFound, dirty: itself, differing: undefined, failures: [], isDone: isLast };
      return;
    }
    this.#comparison.take(reply);
    for (let isOver = false; !isOver;) {
      const failures: Failure[] = [];
      try {
        isOver = this.#comparison.step(stepNames);
      } catch (error) {
        failures.push(errnoFailure(this.#part.directory, error));
        this.#hasFailed = true;
        isOver = true;
      }
      const found = this.#comparison.takeFound();
      yield { ...found, differing: this.#byName(found.differing), failures, isDone: isOver && isLast };
    }
  }

  #itself(): DirtyRecord[] {
    const { side, directory } = this.#part;
    const place = side.tree.whereIs(directory);
    return place === undefined ? [] : [{ ...place, kinds: dirty.gap | dirty.below, object: Buffer.alloc(0) }];
  }

  // Where one portion differs, others may: they are asked for by name at once.
  #byName(range: NameRange | undefined): Crawling | undefined {
    if (range === undefined) return undefined;
    this.#inodeAt = 0;
    return new Crawling({ ...this.#part, range, inodeAt: 0 });
  }
}
