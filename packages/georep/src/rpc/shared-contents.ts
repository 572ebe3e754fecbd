import {
  addSeals,
  close,
  F_SEAL_SHRINK,
  ftruncate,
  memfdCreate,
  mmap,
  PROT_READ,
  PROT_WRITE,
  type Mapping,
} from "@belay/linux";

import { fileIdAt } from "../ids/file-id.ts";
import { mostContents, type ContentSlot } from "./fill-messages.ts";
import type { SharedMemory } from "./share-messages.ts";

/** How many messages may have their contents there at once: as many as are ordinarily under way, and then some. */
const slots = 16;

/** The line to a receiving end that is our own child, as far as it counts here. */
export interface SharingLine {
  /** Whether what is sent goes as it is, as fast as it can; false, too, when the connection is lost. */
  readonly isPlain: () => boolean;
  /** Tells of the memory. @throws errno errors where it cannot be reached */
  readonly share: (memory: SharedMemory) => Promise<unknown>;
}

/**
 * Contents of small files that the receiving end takes straight from our memory, as long as nothing is to be compressed nor held back.
 *
 * The memory is made, and told of, when it is first asked for. Until that is answered, and for good where either end cannot do it, there is no slot.
 */
export class SharedContents implements Disposable {
  readonly #line: SharingLine;
  #isBegun = false;
  #memory: Mapping | undefined;
  /** The last one that was given back is warm. */
  readonly #free: ContentSlot[] = [];

  constructor(line: SharingLine) {
    this.#line = line;
  }

  /** @returns a slot that is to be given back when nobody needs what is in it; undefined: there is none now */
  take(): ContentSlot | undefined {
    if (!this.#line.isPlain()) return undefined;
    if (!this.#isBegun) void this.#begin();
    return this.#free.pop();
  }

  /** Takes back a slot, if it is one, whose message was answered, or is never sent. */
  give(slot: ContentSlot | undefined): void {
    if (slot !== undefined) this.#free.push(slot);
  }

  [Symbol.dispose](): void {
    this.#isBegun = true;
    this.#free.length = 0;
    this.#memory?.unmap();
    this.#memory = undefined;
  }

  async #begin(): Promise<void> {
    this.#isBegun = true;
    const size = slots * mostContents;
    let fd: number | undefined;
    try {
      fd = memfdCreate("belay-georep");
      ftruncate(fd, size);
      addSeals(fd, F_SEAL_SHRINK);
      const memory = (this.#memory = mmap({ fd, length: size, protection: PROT_READ | PROT_WRITE }));
      await this.#line.share({ fd, id: fileIdAt(fd, ""), size });
      const { address, mapped } = memory;
      if (!mapped) return; // the connection ended meanwhile
      for (let offset = size - mostContents; offset >= 0; offset -= mostContents)
        this.#free.push({ offset, address: address + offset });
    } catch {
      this[Symbol.dispose](); // contents go along in the messages
    } finally {
      if (fd !== undefined) close(fd);
    }
  }
}
