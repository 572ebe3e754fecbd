import { keyOf, type FileId } from "../ids/file-id.ts";
import { dirty } from "../journal/record.ts";
import { dirtyName, type DirtyName } from "../plan/dirty-set.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import { isRegular } from "../tree/object-state.ts";
import type { HeldName } from "./held-queue.ts";
import { nameKey } from "./take-from-feed.ts";
import type { NamedPlace } from "./wanted-content.ts";

/** Smaller files are sent in no time. */
const leastSize = 4 * 1024 * 1024;
/** A file that is left alone for so long is sent, in milliseconds. */
const restMs = 1000;
/** One that is written to all the time is sent again after this, or after four times what sending it took, in milliseconds. */
const leastPauseMs = 5000;
const mostPauseMs = 60_000;
/** More are looked through for those that have cooled down. */
const many = 1000;

/** A large file that is, or was just now, on its way to the destination. */
interface HotFile {
  readonly keys: readonly string[];
  /** Requests that tell of it, and takings that have not led to one yet. */
  underWay: number;
  /** As `performance.now` has it: when it was told of first and last. */
  begunAt: number;
  endedAt: number;
  tookMs: number;
  writtenAt: number;
  /** What is held back of it: the file itself where the source knows it, as its names may change; otherwise its names. */
  held: HeldName[];
  isHurried: boolean;
}

/** What may go on, and what is newly held back. */
export interface Sifted {
  readonly names: DirtyName[];
  readonly held: readonly HeldName[];
}

/**
 * Holds back changes of large files that are on their way, or were just now: one that is written to all the time would be sent over and over, and
 * everything else would wait for it. What is held back is sent when the file rests for a second, or some seconds after it was sent last.
 */
export class HotFiles {
  readonly #files = new Map<string, HotFile>();
  /** All that is held back and not recorded as done, by number. */
  readonly #held = new Map<number, { readonly file: HotFile; readonly since: number }>();
  #lastSeq = 0;

  /** @param left  what the last worker held back: due at once */
  constructor(left: readonly HeldName[]) {
    for (const held of left) {
      const isItself = held.name.length === 0;
      const file = this.#add([isItself ? keyOf(held.directory) : nameKey(held.directory, held.name)]);
      file.held.push(held);
      this.#held.set(held.seq, { file, since: held.since });
      this.#lastSeq = Math.max(this.#lastSeq, held.seq);
    }
  }

  /** Names that are held back, or were and are on their way now. */
  get length(): number {
    return this.#held.size;
  }

  /** Names that are held back. */
  get waiting(): number {
    let waiting = 0;
    for (const [seq, { file }] of this.#held) if (file.held.some((held) => held.seq === seq)) waiting++;
    return waiting;
  }

  /** Since when the oldest of them waits, in milliseconds since 1970. */
  get since(): number | undefined {
    let oldest: number | undefined;
    for (const { since } of this.#held.values()) oldest = Math.min(oldest ?? Infinity, since);
    return oldest;
  }

  /** Keys of names and objects that are held back, or on their way. */
  get keys(): string[] {
    return [...this.#held.values()].flatMap(({ file }) => file.keys);
  }

  /** Number of what is held back up to now, see {@link isDone}. All of it is sent as soon as can be. */
  hurry(): number {
    for (const { file } of this.#held.values()) file.isHurried = file.held.length > 0;
    return this.#lastSeq;
  }

  /** Everything up to that number is at the destination. */
  isDone(upTo: number): boolean {
    for (const seq of this.#held.keys()) if (seq <= upTo) return false;
    return true;
  }

  /** A request tells of these objects. @returns to be called when they are settled */
  begin(objects: readonly ObjectChange[], places: ReadonlyMap<string, NamedPlace>): () => void {
    const large = objects.filter(({ mode, size }) => isRegular(mode) && size >= leastSize);
    if (large.length === 0) return () => undefined;
    if (this.#files.size > many) this.#forgetCold();
    const files = large.map(({ id }) => this.#fileOf(id, places.get(keyOf(id))));
    for (const file of files) {
      file.begunAt = performance.now();
      file.underWay++;
    }
    return () => {
      for (const file of files) {
        end(file);
        file.tookMs = file.endedAt - file.begunAt;
      }
    };
  }

  /** Takes out what has to wait. */
  sift(names: DirtyName[]): Sifted {
    if (this.#files.size === 0) return { names, held: [] };
    const held: HeldName[] = [];
    const others = names.filter((name) => {
      const file = this.#find(name);
      if (file === undefined || (name.kinds & dirty.entry) !== 0 || this.#isCold(file)) return true;
      file.writtenAt = performance.now();
      for (const place of placesToHold(name)) held.push(...this.#hold(file, place));
      return false;
    });
    return { names: others, held };
  }

  /** What is due, and is on its way from now on until it is {@link recorded}. */
  takeDue(): { names: DirtyName[]; seqs: number[] } {
    const due = [...this.#held.values()].map(({ file }) => file).filter((file) => this.#dueIn(file) <= 0);
    const taken = due.flatMap((file) => {
      const { held } = file; // none: one that is held back for several reasons is several times among them
      file.held = [];
      file.isHurried = false;
      file.underWay += held.length;
      return held;
    });
    const names = taken.map((held) => dirtyName(held, dirty.data | dirty.metadata));
    return { names, seqs: taken.map(({ seq }) => seq) };
  }

  /** What was taken is at the destination, or waits to be tried again. */
  recorded(seqs: readonly number[]): void {
    for (const seq of seqs) {
      const taken = this.#held.get(seq);
      this.#held.delete(seq);
      if (taken !== undefined) end(taken.file);
    }
  }

  /** Milliseconds until something is due; Infinity: nothing waits. */
  get nextDueMs(): number {
    let next = Infinity;
    for (const { file } of this.#held.values()) next = Math.min(next, this.#dueIn(file));
    return Math.max(next, 1);
  }

  #hold(file: HotFile, { directory, name }: NamedPlace): HeldName[] {
    if (file.held.some((held) => held.directory.equals(directory) && held.name.equals(name))) return [];
    const held = { seq: ++this.#lastSeq, directory, name, since: Date.now() };
    file.held.push(held);
    this.#held.set(held.seq, { file, since: held.since });
    return [held];
  }

  #dueIn({ held, underWay, writtenAt, endedAt, tookMs, isHurried }: HotFile): number {
    if (held.length === 0 || underWay > 0) return Infinity;
    const now = performance.now();
    if (isHurried) return 0;
    const rested = Math.max(writtenAt + restMs, endedAt + tookMs);
    return Math.min(rested, endedAt + pauseOf(tookMs)) - now;
  }

  #isCold({ underWay, held, endedAt, tookMs }: HotFile): boolean {
    return underWay === 0 && held.length === 0 && performance.now() > endedAt + pauseOf(tookMs);
  }

  #find({ directory, name, objects }: DirtyName): HotFile | undefined {
    const file = this.#files.get(nameKey(directory, name));
    if (file !== undefined || objects.size === 0) return file;
    for (const key of objects.keys()) {
      const found = this.#files.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #fileOf(id: FileId, place: NamedPlace | undefined): HotFile {
    const key = keyOf(id);
    const name = place && nameKey(place.directory, place.name);
    const file = this.#files.get(key) ?? (name === undefined ? undefined : this.#files.get(name));
    return file ?? this.#add(name === undefined ? [key] : [key, name]);
  }

  #add(keys: readonly string[]): HotFile {
    const times = { begunAt: 0, endedAt: 0, tookMs: 0, writtenAt: 0 };
    const file: HotFile = { keys, underWay: 0, ...times, held: [], isHurried: false };
    for (const key of keys) this.#files.set(key, file);
    return file;
  }

  #forgetCold(): void {
    for (const [key, file] of this.#files) if (this.#isCold(file)) this.#files.delete(key);
  }
}

const nothing = Buffer.alloc(0);

// The name may go, or stand for another file, before its turn comes, while the file has others.
function placesToHold({ directory, name, objects }: DirtyName): NamedPlace[] {
  const files = [...objects.values()];
  return files.length === 0 ? [{ directory, name }] : files.map((id) => ({ directory: id, name: nothing }));
}

function end(file: HotFile): void {
  file.underWay--;
  file.endedAt = performance.now();
}

const pauseOf = (tookMs: number): number => Math.min(Math.max(4 * tookMs, leastPauseMs), mostPauseMs);
