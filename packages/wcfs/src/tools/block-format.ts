import { userError } from "@belay/supervise";
import { withoutZeroTail } from "./zero-tail.ts";

/** How a block is stored: as one object, or as a tree of 4096-byte chunks that later small changes need not rewrite. */
export type BlockFormat = "ZBlk0" | "ZBlk1";

/** `auto` chooses for each block by what is done to it. */
export type FormatChoice = BlockFormat | "auto";

const choices: readonly FormatChoice[] = ["ZBlk0", "ZBlk1", "auto"];

/** @throws BelayError `EUSAGE` for a name that is none of the formats */
export function parseFormat(name: string): FormatChoice {
  const choice = choices.find((known) => known === name);
  if (choice === undefined) {
    throw userError("EUSAGE", `Unknown ZBlk format '${name}'`, { hint: `there are ${choices.join(", ")}` });
  }
  return choice;
}

/** The format writers use when nobody says: `WENDELIN_CORE_ZBLK_FMT`, else `auto`. */
export function formatOfEnvironment(environment: NodeJS.ProcessEnv = process.env): FormatChoice {
  return parseFormat(environment["WENDELIN_CORE_ZBLK_FMT"] ?? "auto");
}

/** One block about to be written. Data may end before the block does: the rest is zeros. */
export interface BlockChange {
  readonly block: number;
  readonly blockSize: number;
  /** Largest block number of the file, -1 for an empty one. */
  readonly lastBlock: number;
  readonly oldData: Uint8Array;
  readonly newData: Uint8Array;
}

/**
 * The `auto` choice, as the writers of such databases make it: a small change goes into chunks; a block that becomes full while it is
 * being appended to, or changes for the most part, becomes one object.
 */
export function chooseFormat({ block, blockSize, lastBlock, oldData, newData }: BlockChange): BlockFormat {
  const before = withoutZeroTail(oldData);
  const after = withoutZeroTail(newData);
  const small = countDifferences(before, after) < blockSize / 2;
  const filled = after.length === blockSize;
  return small && !(filled && isAppend({ block, lastBlock, before, after })) ? "ZBlk1" : "ZBlk0";
}

interface Comparison {
  readonly block: number;
  readonly lastBlock: number;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

function isAppend({ block, lastBlock, before, after }: Comparison): boolean {
  if (block === lastBlock) return Buffer.compare(before, after.subarray(0, before.length)) === 0;
  return block === lastBlock + 1 && before.length === 0;
}

function countDifferences(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length);
  let differences = Math.max(a.length, b.length) - common;
  for (let i = 0; i < common; i++) if (a[i] !== b[i]) differences++;
  return differences;
}
