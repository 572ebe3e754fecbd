import { MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, mmap, PROT_READ, type Mapping as Memory } from "@belay/linux";
import { closedError } from "./context.ts";
import type { BlockRange } from "./pinner/messages.ts";

/** What a mapping needs of the file it is of. */
export interface MappingOwner {
  readonly blksize: number;
  /** How messages begin. */
  context(): string;
  /** Has the pinner show the blocks in reserved memory. */
  map(mapping: number, address: number, range: BlockRange, faulted: Int32Array): Promise<void>;
  /** Has the pinner let go of it. */
  unmap(mapping: number): Promise<void>;
  read(offset: number, length: number): Promise<Buffer>;
}

/**
 * Blocks of a file as memory, shown as of the connection's moment: what is in the page cache is shared by all clients.
 *
 * - **Read-only.** Writing to it ends the process with SIGSEGV.
 * - **Touching it may wait** for the database: the thread waits as it does for a disk. Pins are served meanwhile.
 * - **When the view is lost** (the mapping, its file or its connection is closed, or the server has gone) the memory reads zeros and
 *   {@link faulted} is true; it stays true. {@link mem}, {@link view} and {@link copy} throw from then on. Memory that was
 *   handed out before stays safe to touch.
 * - **When the server dies**, touching a page that is not in the page cache in the moment before that is noticed ends the process with SIGBUS,
 *   as does a block that the server cannot read. {@link read} goes through read(2) and gets an error instead.
 */
export class Mapping implements AsyncDisposable {
  /** First block. */
  readonly blkStart: number;
  /** Block after the last. */
  readonly blkStop: number;
  /** Bytes of a block. */
  readonly blksize: number;
  readonly #owner: MappingOwner;
  readonly #memory: Memory;
  readonly #faulted: Int32Array;
  readonly #id: number;
  #unmapping: Promise<void> | undefined;

  /** @internal Use `FileH.mmap`. */
  static async map(owner: MappingOwner, range: BlockRange): Promise<Mapping> {
    const mapping = new Mapping(owner, range);
    try {
      await owner.map(mapping.#id, mapping.#memory.address, range, mapping.#faulted);
    } catch (error) {
      mapping.#memory.unmap();
      throw error;
    }
    abandoned.register(mapping, { owner, id: mapping.#id, memory: mapping.#memory }, mapping);
    return mapping;
  }

  private constructor(owner: MappingOwner, { start, stop }: BlockRange) {
    this.blkStart = start;
    this.blkStop = stop;
    this.blksize = owner.blksize;
    this.#owner = owner;
    this.#faulted = new Int32Array(new SharedArrayBuffer(4));
    this.#id = ++last;
    this.#memory = mmap({ length: (stop - start) * owner.blksize, protection: PROT_READ, flags: reserved });
  }

  /** Bytes. */
  get length(): number {
    return this.#memory.length;
  }

  /** Whether the memory shows the file no longer, but zeros. */
  get faulted(): boolean {
    return Atomics.load(this.#faulted, 0) !== 0;
  }

  /**
   * All of the memory, not a copy.
   *
   * @throws BelayError `ECLOSED` when faulted. RangeError above `maxViewLength` (4 GiB): take {@link view}s of parts
   */
  get mem(): Uint8Array {
    return this.view();
  }

  /** A part of the memory, not a copy. @param offset  bytes from the start of the mapping @throws as {@link mem} */
  view(offset = 0, length = this.length - offset): Uint8Array {
    this.#check();
    const view = this.#memory.view(offset, length);
    // Whoever has the memory has the mapping.
    mappingOf.set(view.buffer, this);
    return view;
  }

  /** A copy of a part of the memory, all of which was the file's when it was taken. @throws as {@link mem} */
  copy(offset = 0, length = this.length - offset): Buffer {
    const copy = Buffer.from(this.view(offset, length));
    this.#check();
    return copy;
  }

  /**
   * Reads a part by read(2), without touching the memory: it waits beside the calling thread, and what the server cannot give is an error.
   *
   * @param offset  bytes from the start of the mapping
   */
  read(offset = 0, length = this.length - offset): Promise<Buffer> {
    this.#check();
    if (offset < 0 || length < 0 || offset + length > this.length)
      throw new RangeError(`bytes ${offset} to ${offset + length} of a mapping of ${this.length}`);
    return this.#owner.read(this.blkStart * this.blksize + offset, length);
  }

  /** Lets go of the file. The address range stays, without memory, until what was handed out of it is collected. */
  unmap(): Promise<void> {
    return (this.#unmapping ??= this.#unmap());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unmap();
  }

  async #unmap(): Promise<void> {
    abandoned.unregister(this);
    await letGo({ owner: this.#owner, id: this.#id, memory: this.#memory });
    Atomics.store(this.#faulted, 0, 1);
  }

  #check(): void {
    if (this.faulted) throw closedError(`${this.#context()}: the view is closed`);
  }

  #context(): string {
    const { address, length } = this.#memory;
    const blocks = `m[#${this.blkStart} +${this.blkStop - this.blkStart})`;
    return `${this.#owner.context()}: ${blocks} v[0x${address.toString(16)} +${length.toString(16)})`;
  }
}

const reserved = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

let last = 0;

interface Held {
  readonly owner: MappingOwner;
  readonly id: number;
  readonly memory: Memory;
}

const mappingOf = new WeakMap<ArrayBufferLike, Mapping>();

// Neither the mapping nor its memory is known to anybody any more.
const abandoned = new FinalizationRegistry<Held>((held) => void letGo(held).catch(() => undefined));

// The pinner must not touch the range once it can be somebody else's.
async function letGo({ owner, id, memory }: Held): Promise<void> {
  await owner.unmap(id);
  memory.unmap();
}
