import type { Logger } from "@belay/supervise";
import { formatOid, formatTid } from "@belay/zodb";
import type { BigFile } from "../files/big-file.ts";

/** Damages remembered as logged; beyond that they may be logged again. */
const REMEMBERED = 1000;

/** Logs reads that fail, each damage once. */
export class ReadErrors {
  readonly #log: Logger;
  readonly #logged = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** A read of a block failed. */
  note(file: BigFile, offset: number, error: unknown): void {
    const revision = file.space.rev === undefined ? "head" : `@${formatTid(file.space.rev)}`;
    const blk = Math.floor(offset / file.blksize);
    const text = `${revision}/bigfile/${formatOid(file.oid)}: read #${blk}: ${String(error)}`;
    if (this.#logged.has(text)) return;
    if (this.#logged.size >= REMEMBERED) this.#logged.clear();
    this.#logged.add(text);
    this.#log.error(text);
  }
}
