import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { BelayError, silentLogger } from "@belay/supervise";
import { expect, test } from "vitest";

import { dirty } from "../journal/record.ts";
import { dirtyName } from "../plan/dirty-set.ts";
import { defaultPolicy } from "../policy/policy.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import { openSourceTree } from "../sources/source-tree.ts";
import { BatchLine, type DoneBatch } from "./batch-line.ts";
import { HotFiles } from "./hot-files.ts";

/** A destination that is full at its first `finish`, and notes what it is told. */
class FullOnce {
  readonly told: string[] = [];
  readonly #finishes: PromiseWithResolvers<[]>[] = [];

  /** Answers the first `finish`, and all that come later as they come. */
  readonly first = Promise.withResolvers<[]>();

  readonly secondary: Secondary = {
    ...refusing,
    apply: ({ entries }) => {
      this.told.push(...entries.map(({ name }) => name.toString()));
      return Promise.resolve({ crawl: [], made: [], wants: [], detached: [], others: [], failures: [] });
    },
    finish: () => {
      this.told.push("finish");
      const answer = this.#finishes.length === 0 ? this.first : Promise.withResolvers<[]>();
      if (this.#finishes.push(answer) > 1) answer.resolve([]);
      return answer.promise;
    },
  };
}

const refuse = (): never => {
  throw new Error("not asked for");
};
const refusing: Secondary = {
  replica: "",
  site: "",
  finished: () => 0,
  lost: new Promise<Error>(() => undefined),
  silence: { ms: 0, onChange: () => undefined },
  copy: undefined,
  contents: undefined,
  ...{
    apply: refuse,
    fill: refuse,
    signatures: refuse,
    sums: refuse,
    makeAnew: refuse,
    move: refuse,
    begin: refuse,
    data: refuse,
    end: refuse,
    finish: refuse,
  },
  ...{ list: refuse, inspect: refuse, digest: refuse, stage: refuse, take: refuse, [Symbol.dispose]: () => undefined },
};

test("a destination that is full while two batches are under way gets both again as one, and they are done once, in order", async () => {
  const path = mkdtempSync(join(tmpdir(), "belay-test-line-"));
  try {
    for (const name of ["a", "b", "c"]) writeFileSync(join(path, name), name);
    using tree = openSourceTree(path);
    const full = new FullOnce();
    const done: DoneBatch[] = [];
    const troubles: string[] = [];
    const programs = { directory: path, shell: undefined, ledger: undefined, logger: silentLogger };
    const line = new BatchLine({ tree, secondary: full.secondary, policy: defaultPolicy, programs }, new HotFiles([]), {
      onDone: (batch) => void done.push(batch),
      onProgress: () => undefined,
      onTrouble: (error) => Promise.resolve(void troubles.push(error.message)),
    });
    const add = (name: string, offset: number) =>
      line.add([dirtyName({ directory: tree.rootId, name: Buffer.from(name) }, dirty.entry)], {
        cursor: { segment: 1, offset },
      });
    await add("a", 1);
    line.seal();
    await add("b", 2);
    line.seal();
    await add("c", 3);
    await expect.poll(() => full.told).toContain("b");
    full.first.reject(new BelayError("ENOSPC", "no space left on device", { remote: true }));
    await line.whenEmpty();
    expect(troubles).toEqual(["no space left on device"]);
    const again = full.told.lastIndexOf("a");
    expect(full.told.slice(again)).toEqual(["a", "b", "c", "finish"]);
    expect(done).toHaveLength(1);
    expect(done[0]?.keeps.map(({ cursor }) => cursor?.offset)).toEqual([1, 2, 3]);
    await add("a", 4);
    await line.whenEmpty();
    expect(done.map(({ names }) => names.length)).toEqual([3, 1]);
  } finally {
    rmSync(path, { recursive: true });
  }
});
