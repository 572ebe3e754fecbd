import type { IoVector } from "@belay/linux";
import { allocatePages, mmap } from "@belay/linux";
import type { Mapping } from "@belay/linux";

/** Bytes of a window; they start on multiples of it. */
const WINDOW = 4 << 20;

/** Windows open at a time: what they show counts as the process's memory, though it is the page cache's. */
const WINDOWS = 8;

/** New windows that one answer is worth; more of them cost more than copying does. */
const FRESH = 2;

/** Bytes of zeros that can be shown as one place. */
const ZEROS = 64 << 10;

interface Window {
  readonly fd: number;
  readonly index: number;
  readonly mapping: Mapping;
  /** The answer that used it last. */
  answer: number;
}

/**
 * The database's file as memory, so that the kernel can copy a block's bytes straight from the page cache into the reply.
 *
 * The memory is only ever named to the kernel, never touched here: a page that cannot be read (the file was cut off) is an
 * error of the system call then, and no SIGBUS.
 */
export class FileWindows implements Disposable {
  readonly #zeros = allocatePages(ZEROS);
  #windows: Window[] = [];
  #recent: Window | undefined;
  #answer = 0;
  #fresh = 0;

  /** Begins an answer: the windows it uses stay until the next one begins. */
  begin(): void {
    this.#answer++;
    this.#fresh = 0;
  }

  /**
   * Appends bytes of a file.
   *
   * @returns false when there is no room for them, or showing them is not worth it: they have to be copied
   */
  add(vector: IoVector, fd: number, offset: number, length: number): boolean {
    for (let done = 0; done < length;) {
      const index = Math.floor((offset + done) / WINDOW);
      const from = offset + done - index * WINDOW;
      const part = Math.min(length - done, WINDOW - from);
      const window = this.#window(fd, index);
      if (window === undefined || vector.room === 0) return false;
      vector.addAddress(window.mapping.address + from, part);
      done += part;
    }
    return true;
  }

  /** Appends zeros. @returns false when there is no room for them */
  addZeros(vector: IoVector, length: number): boolean {
    for (let done = 0; done < length; done += ZEROS) {
      if (vector.room === 0) return false;
      vector.addAddress(this.#zeros.address, Math.min(ZEROS, length - done));
    }
    return true;
  }

  /** Lets go of all files: descriptors may come to stand for others. */
  clear(): void {
    this.#recent = undefined;
    for (const { mapping } of this.#windows.splice(0)) mapping.unmap();
  }

  [Symbol.dispose](): void {
    this.clear();
    this.#zeros.unmap();
  }

  #window(fd: number, index: number): Window | undefined {
    const known =
      this.#recent?.index === index && this.#recent.fd === fd
        ? this.#recent
        : (this.#windows.find((window) => window.index === index && window.fd === fd) ?? this.#open(fd, index));
    if (known !== undefined) known.answer = this.#answer;
    return (this.#recent = known);
  }

  #open(fd: number, index: number): Window | undefined {
    if (this.#fresh === FRESH || !this.#makeRoom()) return undefined;
    this.#fresh++;
    try {
      // Beyond the end of the file, too: it grows, and what is there can be read then.
      const mapping = mmap({ fd, offset: index * WINDOW, length: WINDOW });
      const window = { fd, index, mapping, answer: this.#answer };
      this.#windows.push(window);
      return window;
    } catch {
      return undefined;
    }
  }

  // What the answer that is being made shows must not go away.
  #makeRoom(): boolean {
    if (this.#windows.length < WINDOWS) return true;
    const oldest = this.#windows.reduce((a, b) => (b.answer < a.answer ? b : a));
    if (oldest.answer === this.#answer) return false;
    this.#windows = this.#windows.filter((window) => window !== oldest);
    oldest.mapping.unmap();
    return true;
  }
}
