import type { FileSystem } from "@belay/fuse";

/** What the watch over clients needs of the loop that serves them. */
export interface AutoExitParts {
  /** Milliseconds without clients after which the server may end. */
  readonly grace: number;
  after(milliseconds: number, callback: () => void): unknown;
  /** Nobody has had anything open for so long. Told again after every further such time. */
  onIdle(): void;
}

/**
 * Finds out when nobody uses the mount any more: when nothing in it has been open for some time, from its first moment on.
 *
 * Every client that has joined keeps a file open, and a mapping counts as one. A current directory does not, but whoever has one there
 * keeps the mount busy.
 */
export class AutoExit {
  readonly #parts: AutoExitParts;
  #open = 0;
  #uses = 0;

  constructor(parts: AutoExitParts) {
    this.#parts = parts;
    this.#wait();
  }

  /** The same file system, watched. */
  watch(fileSystem: FileSystem): FileSystem {
    return {
      ...fileSystem,
      open: (request, reply) => {
        const handled = fileSystem.open?.(request, reply);
        this.#count(1);
        return handled;
      },
      opendir: (request, reply) => {
        const handled = fileSystem.opendir?.(request, reply);
        this.#count(1);
        return handled;
      },
      release: (request, reply) => {
        this.#count(-1);
        return fileSystem.release?.(request, reply);
      },
      releasedir: (request, reply) => {
        this.#count(-1);
        return fileSystem.releasedir?.(request, reply);
      },
    };
  }

  // An opening that throws has opened nothing; what is released is gone whatever happens.
  #count(change: number): void {
    this.#open += change;
    this.#uses++;
    if (this.#open === 0) this.#wait();
  }

  #wait(): void {
    const uses = this.#uses;
    this.#parts.after(this.#parts.grace, () => {
      if (this.#uses !== uses || this.#open > 0) return;
      this.#parts.onIdle();
      this.#wait();
    });
  }
}
