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
      open: (request, reply) => this.#counted(1, fileSystem.open?.(request, reply)),
      opendir: (request, reply) => this.#counted(1, fileSystem.opendir?.(request, reply)),
      release: (request, reply) => this.#counted(-1, fileSystem.release?.(request, reply)),
      releasedir: (request, reply) => this.#counted(-1, fileSystem.releasedir?.(request, reply)),
    };
  }

  // What has thrown does not come here: it opened nothing.
  #counted<T>(change: number, handled: T): T {
    this.#open += change;
    this.#uses++;
    if (this.#open === 0) this.#wait();
    return handled;
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
