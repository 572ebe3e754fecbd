/** Most that is under way at once; a change that comes has to wait for it. */
const most = { bytes: 4 * 1024 * 1024, requests: 64 } as const;

/** How much is on its way to the destination: enough that it is never without work, and not more. */
export class Window {
  #bytes = 0;
  #requests = 0;
  #waiting: (() => void)[] = [];

  take(bytes: number): void {
    this.#bytes += bytes;
    this.#requests++;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
    this.#requests--;
    if (this.#isOpen) for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves when something may go. */
  async room(): Promise<void> {
    while (!this.#isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  get #isOpen(): boolean {
    return this.#bytes < most.bytes && this.#requests < most.requests;
  }
}
