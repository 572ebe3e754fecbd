import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { close, open, O_DIRECTORY, O_RDONLY } from "@belay/linux";
import { BelayError, silentLogger } from "@belay/supervise";
import { expect, onTestFinished, test } from "vitest";

import { fileIdAt, type FileId } from "../ids/file-id.ts";
import { dirty } from "../journal/record.ts";
import { dirtyName } from "../plan/dirty-set.ts";
import { defaultPolicy } from "../policy/policy.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import { openSourceTree, type SourceTree } from "../sources/source-tree.ts";
import { BatchLine, type DoneBatch } from "./batch-line.ts";
import { fillMade } from "./fill-made.ts";
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
  suspect: { directories: [], names: [] },
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
    told: refuse,
  },
  ...{ list: refuse, inspect: refuse, digest: refuse, stage: refuse, take: refuse, [Symbol.dispose]: () => undefined },
};

interface Line {
  readonly path: string;
  readonly tree: SourceTree;
  readonly line: BatchLine;
  readonly done: readonly DoneBatch[];
  readonly troubles: readonly string[];
  readonly owed: readonly FileId[];
}

/** A line from a source with files of these names to a destination. */
function lineFrom(files: readonly string[], secondary: Secondary): Line {
  const path = mkdtempSync(join(tmpdir(), "belay-test-line-"));
  for (const name of files) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), name);
  }
  const tree = openSourceTree(path);
  onTestFinished(() => {
    tree[Symbol.dispose]();
    rmSync(path, { recursive: true });
  });
  const done: DoneBatch[] = [];
  const troubles: string[] = [];
  const owed: FileId[] = [];
  const programs = { directory: path, shell: undefined, ledger: undefined, logger: silentLogger };
  const line = new BatchLine({ tree, secondary, policy: defaultPolicy, programs }, new HotFiles([]), {
    onFinish: (directories) => void owed.push(...directories),
    onDone: (batch) => void done.push(batch),
    onProgress: () => undefined,
    onTrouble: (error) => Promise.resolve(void troubles.push(error.message)),
  });
  return { path, tree, line, done, troubles, owed };
}

test("a destination that is full while two batches are under way gets both again as one, and they are done once, in order", async () => {
  const full = new FullOnce();
  const { tree, line, done, troubles } = lineFrom(["a", "b", "c"], full.secondary);
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
});

/** A destination that says what it made when everything else is on its way, and leaves all files alone that are to be filled in. */
class Late {
  readonly told: string[] = [];
  readonly answer = Promise.withResolvers<undefined>();
  readonly #made: (id: Buffer) => boolean;

  constructor(finished: number, made: (id: Buffer) => boolean) {
    this.#made = made;
    this.secondary = { ...refusing, finished: () => finished, ...this.#answers() };
  }

  readonly secondary: Secondary;

  #answers(): Pick<Secondary, "apply" | "fill" | "finish"> {
    return {
      apply: async ({ entries, objects }) => {
        this.told.push(...entries.map(({ name }) => name.toString()));
        await this.answer.promise;
        const named = entries.flatMap(({ object }) => (object === undefined ? [] : (objects[object]?.id ?? [])));
        const made = named.filter(this.#made);
        return { crawl: [], made, wants: [], detached: [], others: [], failures: [] };
      },
      fill: async () => {
        this.told.push("fill");
        await this.answer.promise;
        return [0, 1];
      },
      finish: () => Promise.resolve([]),
    };
  }
}

test.each([
  ["right behind the word of it, in a first copy", 0, true],
  ["right behind the word of it, and for nothing when it is not made", 0, false],
  ["when the destination has made it, in later ones", 1, true],
])("what lies in a new directory goes there %s", async (_, finished, isMade) => {
  let wanted: FileId = Buffer.alloc(0);
  const late = new Late(finished, (id) => isMade && id.equals(wanted));
  const { path, tree, line, done, owed } = lineFrom(["d/a", "d/b"], late.secondary);
  const fd = open(join(path, "d"), O_RDONLY | O_DIRECTORY);
  wanted = fileIdAt(fd, "");
  close(fd);
  const fill = async () => {
    const work = line.open && fillMade({ tree, policy: defaultPolicy }, line.open);
    if (work !== undefined) await line.add(work.names, {}, work.fillings);
  };
  await line.add([dirtyName({ directory: tree.rootId, name: Buffer.from("d") }, dirty.gap | dirty.absent)], {});
  await fill();
  expect(late.told).toEqual(finished === 0 ? ["d", "fill"] : ["d"]);
  late.answer.resolve(undefined);
  await expect.poll(() => line.open?.isSettled).toBe(true);
  await fill();
  await line.whenEmpty();
  expect(late.told.slice(0, 2)).toEqual(["d", "fill"]);
  expect(late.told.slice(2).sort()).toEqual(isMade ? ["a", "b"] : []); // what it left alone, told one by one
  const [crawl, filled] = isMade ? [[], [wanted]] : [[wanted], []];
  expect(done[0]?.outcome).toMatchObject({ crawl, filled, fresh: [], failures: [] });
  expect(owed).toEqual([wanted]); // should nobody hear of the end, only a comparison finds what has failed in it
});

test("a directory in which a name has failed is to be compared should nobody hear of the end of the batch", async () => {
  const failing: Secondary = {
    ...refusing,
    apply: ({ entries }) => {
      const failures = entries.map(({ parent: id, name }) => ({ id, name, code: "EEXIST", message: "in the way" }));
      return Promise.resolve({ crawl: [], made: [], wants: [], detached: [], others: [], failures });
    },
    finish: () => Promise.resolve([]),
  };
  const { tree, line, done, owed } = lineFrom(["a"], failing);
  await line.add([dirtyName({ directory: tree.rootId, name: Buffer.from("a") }, dirty.entry)], {});
  await line.whenEmpty();
  expect(owed).toEqual([tree.rootId]);
  expect(done[0]?.outcome.failures).toMatchObject([{ id: tree.rootId, code: "EEXIST" }]);
});
