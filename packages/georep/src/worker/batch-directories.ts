import { keyOf, type FileId } from "../ids/file-id.ts";
import type { ApplyReply, ObjectChange } from "../rpc/messages.ts";
import { isDirectory } from "../tree/object-state.ts";

/** Directories of one request that the destination may make. */
export interface ToldDirectories {
  /** How many of them only its answer tells of. */
  readonly asked: number;
  /** Those that count as made until it says otherwise. */
  readonly presumed: readonly FileId[];
}

/**
 * What becomes of the directories of a batch: those that the destination makes get their contents in the same batch, others are left to a comparison.
 *
 * In a first copy the contents go on their way right behind the word of a directory that was not there, so that the destination never waits. Where
 * it has not made it all the same, they are of no use: it is compared.
 */
export class BatchDirectories {
  readonly #presumes: boolean;
  readonly #crawl = new Map<string, FileId>();
  readonly #fresh = new Map<string, FileId>();
  readonly #late = new Map<string, FileId>();
  readonly #filled = new Map<string, FileId>();
  readonly #presumed = new Set<string>();
  readonly #refused = new Set<string>();
  #asked = 0;
  #hasRoom = true;

  /** @param presumes  the destination had nothing at all: what it lacks under one name is nowhere else there */
  constructor(presumes: boolean) {
    this.#presumes = presumes;
  }

  /** A directory that is to get its contents in this batch. */
  get toFill(): FileId | undefined {
    return this.#hasRoom ? this.#fresh.values().next().value : undefined;
  }

  /** Directories whose contents may be called for, at most. */
  get expected(): number {
    return this.#hasRoom ? this.#asked + this.#fresh.size : 0;
  }

  /** Some have got their contents, and there is room for those of others. */
  get isFilling(): boolean {
    return this.#hasRoom && this.#filled.size > 0;
  }

  /** There is no room for the contents of further directories: they are left to a comparison that needs no listing. */
  stopFilling(): void {
    this.#hasRoom = false;
  }

  /** Notes that the contents of a directory are among the names. */
  fill(directory: FileId): void {
    this.#move(directory, this.#filled);
  }

  /** A directory that holds too much for one batch is filled later, in portions. */
  fillLater(directory: FileId): void {
    this.#move(directory, this.#late);
  }

  /** A directory is left to a comparison. */
  leave(directory: FileId): void {
    this.#move(directory, this.#crawl);
  }

  /** Directories are to be compared, unless they are made. */
  compare(directories: readonly FileId[]): void {
    for (const id of directories) this.#crawl.set(keyOf(id), id);
  }

  /**
   * Notes what the destination is about to be told of.
   *
   * @param absent  it had nothing in the place of these
   */
  tell(objects: readonly ObjectChange[], absent: readonly FileId[]): ToldDirectories {
    const presumed = this.#presumes ? absent : [];
    for (const id of presumed) {
      this.#make(id);
      this.#presumed.add(keyOf(id));
    }
    const asked = Math.max(objects.filter(mayBeMade).length - presumed.length, 0);
    this.#asked += asked;
    return { asked, presumed };
  }

  /** Its answer has come, or never will. */
  heard({ asked }: ToldDirectories): void {
    this.#asked -= asked;
  }

  /** Notes what the answer says. */
  take({ crawl, made }: Pick<ApplyReply, "crawl" | "made">, { presumed }: ToldDirectories): void {
    this.compare(crawl);
    for (const id of made) if (!this.#presumed.delete(keyOf(id))) this.#make(id);
    for (const id of presumed) if (this.#presumed.delete(keyOf(id))) this.#refuse(id);
  }

  /** The destination has not made it, whatever was sent for it. */
  isRefused(directory: FileId): boolean {
    return this.#refused.size > 0 && this.#refused.has(keyOf(directory));
  }

  /** Directories that were made and have not got their contents. */
  get unfilled(): FileId[] {
    return [...this.#fresh.values(), ...this.#late.values()];
  }

  get filled(): FileId[] {
    return [...this.#filled.values()];
  }

  /** Directories that are to be compared. */
  get toCompare(): FileId[] {
    return [...this.#crawl.values()];
  }

  #make(id: FileId): void {
    const key = keyOf(id);
    for (const others of [this.#crawl, this.#filled, this.#late, this.#refused]) others.delete(key);
    this.#fresh.set(key, id);
  }

  #refuse(id: FileId): void {
    const key = keyOf(id);
    for (const others of [this.#fresh, this.#filled, this.#late]) others.delete(key);
    this.#crawl.set(key, id);
    this.#refused.add(key);
  }

  #move(directory: FileId, to: Map<string, FileId>): void {
    const key = keyOf(directory);
    this.#fresh.delete(key);
    to.set(key, directory);
  }
}

// By the hint that a comparison gives.
const mayBeMade = ({ mode, content }: ObjectChange): boolean => content === "compare" && isDirectory(mode);
