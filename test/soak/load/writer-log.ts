import { readFileSync } from "node:fs";
import { blocks } from "./shape.ts";

/** What a block became, and when. */
interface Change {
  readonly tid: string;
  readonly text: string;
}

/** The writer's log: what the file was at each moment. */
export class WriterLog {
  readonly #changes: readonly Change[][] = Array.from({ length: blocks }, () => []);

  constructor(path: string) {
    for (const line of readFileSync(path, "latin1").trimEnd().split("\n")) {
      const [tid = "", ...changes] = line.split(" ");
      for (const change of changes) {
        const [blk, text = ""] = change.split("=");
        this.#changes[Number(blk)]?.push({ tid, text });
      }
    }
  }

  /** What is wrong about pages that were all read as of one moment; undefined: nothing. */
  judgeMoment(at: string, pages: readonly string[]): string | undefined {
    return this.#judge(pages, (blk) => [this.#indexAt(blk, at), this.#indexAt(blk, at)]);
  }

  /** As judgeMoment, of pages read from head, each at a time of its own: none may be older than what `head/at` told before. */
  judgeHead(before: string, pages: readonly string[]): string | undefined {
    return this.#judge(pages, (blk) => [this.#indexAt(blk, before), Infinity]);
  }

  #judge(pages: readonly string[], range: (blk: number) => readonly [number, number]): string | undefined {
    if (pages.length !== blocks) return `${pages.length} pages`;
    for (const page of pages) {
      const [blk, text = ""] = page.split("=");
      const [first, last] = range(Number(blk));
      const index = this.#changes[Number(blk)]?.findIndex((change) => change.text === text) ?? -1;
      if (index < first || index > last) return `${page}, not ${this.#changes[Number(blk)]?.[first]?.text}`;
    }
    return undefined;
  }

  /** Which change of the block is the last one at a moment. */
  #indexAt(blk: number, at: string): number {
    const changes = this.#changes[blk] ?? [];
    let [low, high] = [0, changes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((changes[middle]?.tid ?? "") <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
