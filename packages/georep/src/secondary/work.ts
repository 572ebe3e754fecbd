import { closeSync, openSync, statSync } from "node:fs";
import { join } from "node:path";

import { futimens } from "@belay/linux";

/** Its mtime is when the work began that is not known to be durable. */
const begunFile = "begun";

/** Whether work is under way here that is not known to be durable, and since when it is. */
export class Work implements Disposable {
  readonly #path: string;
  #fd: number | undefined;
  #isBegun = false;
  #since: bigint;

  /** @param base  the session's folder */
  constructor(base: string) {
    this.#path = join(base, begunFile);
    this.#since = statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? 0n;
  }

  /** When work began last after all was in order, as far as is known; nanoseconds since 1970. */
  get since(): bigint {
    return this.#since;
  }

  /** Something is about to be done. A note that a crash of the machine takes back is an older one: then more is unsure. */
  begin(): void {
    if (this.#isBegun) return;
    this.#fd ??= openSync(this.#path, "a", 0o600);
    this.#since = BigInt(Date.now()) * 1_000_000n;
    futimens(this.#fd, this.#since, this.#since);
    this.#isBegun = true;
  }

  /** All that was done is durable, and known to be. */
  end(): void {
    this.#isBegun = false;
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }
}
