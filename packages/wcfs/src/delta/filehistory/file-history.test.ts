import type { Oid } from "@belay/zodb";
import { describe, expect, test } from "vitest";
import type { FileChange, FileRevision } from "../changes.ts";
import { FileWalk } from "../testing/file-walk.ts";
import { ObjectStore } from "../testing/object-store.ts";
import type { ObjectState } from "../testing/object-store.ts";
import { byPlace, TreePlacer, zblkOid } from "../testing/placement.ts";
import { parseTopology } from "../testing/topology.ts";

const FILE = 1n;
const OTHER = 2n;
const TABLE = 0x10000n;
const TABLE2 = 0x20000n;

/** What a step writes: the tree of the table, the tree of the second table, data of some ZBlks, and files. */
interface Step {
  readonly tree?: string;
  readonly tree2?: string;
  readonly data?: string;
  readonly files?: readonly (readonly [Oid, ObjectState | undefined])[];
}

/** A database told in steps; commit n has tid 16·n, the first is 1. */
class Story {
  readonly store = new ObjectStore();
  readonly walk: FileWalk;
  readonly #placers = [new TreePlacer(TABLE), new TreePlacer(TABLE2)];

  constructor(first: Step) {
    this.store.commit(16n, this.#states({ files: [[FILE, file(TABLE)]], ...first }));
    this.walk = new FileWalk([FILE, OTHER], this.store);
  }

  get history(): FileWalk["history"] {
    return this.walk.history;
  }

  /** Commits, checks what can be checked, and tells the change of FILE as text. */
  step(step: Step, of: Oid = FILE): string {
    const told = this.#takeIn(step);
    this.walk.expectAll();
    return changeText(told.get(of));
  }

  /** As step, but nothing is asked, so nothing of the past is completed. */
  quietStep(step: Step): void {
    this.#takeIn(step);
  }

  track(...blocks: number[]): void {
    this.walk.track(FILE, blocks);
  }

  #takeIn(step: Step): ReadonlyMap<Oid, FileChange> {
    return this.walk.takeIn(this.store.commit(this.history.head + 16n, this.#states(step)));
  }

  #states(step: Step): Map<Oid, ObjectState | undefined> {
    const states = new Map<Oid, ObjectState | undefined>(step.files ?? []);
    for (const name of step.data ?? "") states.set(zblkOid(name), { kind: "data" });
    for (const [i, text] of [step.tree, step.tree2].entries()) {
      if (text === undefined) continue;
      const placed = this.#placers[i]?.place(parseTopology(text), { likeness: byPlace, embed: () => false });
      for (const [oid, state] of placed ?? []) states.set(oid, state);
    }
    return states;
  }
}

function file(blktab: Oid, blksize = 64): ObjectState {
  return { kind: "file", blksize, blktab };
}

/** `1,2 size` or `epoch`; empty when nothing is told. */
function changeText(change: FileChange | undefined): string {
  if (!change) return "";
  if (change.epoch) return "epoch";
  return [[...change.blocks].sort((a, b) => a - b).join(","), ...(change.sizeChanged ? ["size"] : [])].join(" ");
}

function revisionTexts(revisions: readonly FileRevision[]): string[] {
  return revisions.map((revision) => `${revision.rev / 16n}: ${changeText(revision)}`);
}

describe("what a commit changes in a file", () => {
  test("is told for links and for the data of linked objects", () => {
    const story = new Story({ tree: "T3/B1:a,2:b-B3:c" });
    story.track(1, 2, 3);
    expect(story.step({ data: "a" })).toBe("1");
    expect(story.step({ data: "c" })).toBe("3");
    expect(story.step({ tree: "T3/B2:c-B3:c", data: "a" })).toBe("1,2 size");
    expect(story.step({ data: "ab" })).toBe("");
    expect(story.step({ data: "c" })).toBe("2,3");
    expect(story.step({ tree: "T/B:" })).toBe("2,3 size");
    expect(story.step({ data: "abc" })).toBe("");
    expect(story.step({ tree: "ø" })).toBe("");
    expect(story.step({ tree: "T/B2:b", data: "b" })).toBe("2 size");
  });

  test("is no longer told of an object that a block was taken from, nor missed of the one it was given", () => {
    const story = new Story({ tree: "T/B5:i" });
    story.track(5);
    expect(story.step({ tree: "T/B5:e" })).toBe("5 size");
    expect(story.step({ data: "i" })).toBe("");
    expect(story.step({ data: "e" })).toBe("5");
    expect(revisionTexts(story.history.changes(FILE, 16n, 64n))).toEqual(["2: 5 size", "4: 5"]);
  });

  test("is told of every block an object is linked from", () => {
    const story = new Story({ tree: "T3/B1:a,2:a-B3:a,4:b" });
    story.track(1, 2, 3, 4);
    expect(story.step({ data: "a" })).toBe("1,2,3");
    expect(story.step({ tree: "T3/B1:b,2:a-B3:a,4:b" })).toBe("1 size");
    expect(story.step({ data: "b" })).toBe("1,4");
  });

  test("is told of holes that are filled, also when only the hole was read", () => {
    const story = new Story({ tree: "T/B1:a" });
    story.track(7);
    expect(story.step({ tree: "T/B1:a,7:b" })).toBe("7 size");
    expect(story.step({ data: "b" })).toBe("7");
    // Block 1 was never read, so the object it is linked to is not known.
    expect(story.step({ data: "a" })).toBe("");
  });

  test("is told of the size when only the way to the last block was looked at", () => {
    const story = new Story({ tree: "T3/B1:a-B3:c" });
    story.walk.trackSize(FILE);
    expect(story.step({ tree: "T3/B1:a-B3:c,9:d" })).toBe("9 size");
    expect(story.step({ tree: "T3/B1:b-B3:c,9:d" })).toBe("");
  });

  test("costs no I/O when nothing tracked is touched", () => {
    const story = new Story({ tree: "T3/B1:a-B3:c", tree2: "T/B1:a" });
    story.track(1);
    const { loads } = story.store;
    const oids = [zblkOid("c"), zblkOid("d"), TABLE2, TABLE2 + 1n, 0x999n];
    expect(story.history.update({ tid: 32n, oids })).toEqual(new Map());
    expect(changeText(story.history.update({ tid: 48n, oids: [...oids, zblkOid("a")] }).get(FILE))).toBe("1");
    expect(story.store.loads).toBe(loads);
  });
});

describe("the past of a block", () => {
  test("is completed when it was tracked after the fact", () => {
    const story = new Story({ tree: "T/B1:a" });
    story.track(0);
    story.quietStep({ tree: "T2/B1:a-B2:b" });
    story.quietStep({ data: "b" });
    story.quietStep({ tree: "T2,4/B1:a-B2:c-B4:b" });
    story.quietStep({ data: "bc" });
    story.track(2, 4);
    story.walk.expectAll();
    expect(revisionTexts(story.history.changes(FILE, 16n, 80n, { onlyExplicit: true }))).toEqual([
      "2: 2 size",
      "3: 2",
      "4: 2,4 size",
      "5: 2,4",
    ]);
    expect(story.history.blkRevAt(FILE, 4, 80n)).toEqual({ rev: 80n, exact: true });
    expect(story.history.blkRevAt(FILE, 4, 79n)).toEqual({ rev: 64n, exact: true });
    expect(story.history.blkRevAt(FILE, 4, 63n)).toEqual({ rev: 16n, exact: false });
  });

  test("is asked of the database again after it could not be read", () => {
    const story = new Story({ tree: "T2/B1:a-B2:b" });
    story.quietStep({ tree: "T2/B1:b-B2:b" });
    story.quietStep({ tree: "T2/B1:c-B2:b" });
    story.track(1);
    story.store.broken = true;
    expect(() => story.history.blkRevAt(FILE, 1, 48n)).toThrow("the store is broken");
    expect(() => story.history.changes(FILE, 16n, 48n)).toThrow("the store is broken");
    story.store.broken = false;
    story.walk.expectAll();
    expect(revisionTexts(story.history.changes(FILE, 16n, 48n))).toEqual(["2: 1 size", "3: 1 size"]);
  });

  test("a commit that could not be read is taken in when it is given again", () => {
    const story = new Story({ tree: "T2/B1:a-B2:b" });
    story.track(1);
    const event = story.store.commit(32n, [
      [zblkOid("a"), { kind: "data" }],
      [TABLE, undefined],
    ]);
    story.store.broken = true;
    expect(() => story.history.update(event)).toThrow("the store is broken");
    expect(story.history.head).toBe(16n);
    story.store.broken = false;
    expect(changeText(story.history.update(event).get(FILE))).toBe("1,2 size");
    expect(story.history.head).toBe(32n);
  });

  test("needs no I/O for blocks whose history is known", () => {
    const story = new Story({ tree: "T2/B1:a-B2:b" });
    story.track(1, 2);
    story.step({ tree: "T2/B1:b-B2:b" });
    const { loads } = story.store;
    story.history.blkRevAt(FILE, 1, 16n);
    story.history.blkRevAt(FILE, 2, 32n);
    story.history.changes(FILE, 16n, 32n);
    story.history.pinsAt(FILE, 16n);
    expect(story.store.loads).toBe(loads);
  });

  test("is forgotten up to the cut, and questions before it are refused", () => {
    const story = new Story({ tree: "T2/B1:a-B2:b" });
    story.track(1, 2);
    story.step({ data: "a" });
    story.step({ tree: "T2/B1:b-B2:b" });
    story.history.forget(32n);
    expect(story.history.blkRevAt(FILE, 1, 32n)).toEqual({ rev: 32n, exact: false });
    expect(story.history.blkRevAt(FILE, 1, 48n)).toEqual({ rev: 48n, exact: true });
    const refused = expect.objectContaining({ code: "EHISTORY" }) as unknown;
    expect(() => story.history.blkRevAt(FILE, 1, 31n)).toThrow(refused);
    expect(() => story.history.changes(FILE, 31n, 48n)).toThrow(refused);
    expect(() => story.history.changes(FILE, 32n, 49n)).toThrow(refused);
    story.history.forget(20n);
    expect(story.history.tail).toBe(32n);
    story.step({ data: "b" });
  });

  test("stays as it was told, whatever comes or goes later", () => {
    const story = new Story({ tree: "T3/B1:a,2:b-B3:c" });
    story.track(1);
    story.step({ tree: "T3/B1:c,2:c-B3:c" });
    const told = story.history.changes(FILE, 16n, 32n);
    const copy = structuredClone(told);
    story.track(2, 3);
    story.step({ tree: "T2/B1:a-B2:b,3:b", data: "abc" });
    story.history.forget(32n);
    expect(told).toEqual(copy);
  });
});

describe("blocks that were not read but share a leaf with one that was", () => {
  // Blocks 0, 1 and 2 in one bucket, of which only 0 is read.
  function uniform(): Story {
    const story = new Story({ tree: "T/B0:a,1:b,2:c" });
    story.track(0);
    story.step({ tree: "T/B0:d,1:e,2:c", data: "c" });
    story.step({ data: "bce" });
    story.step({ tree: "T/B0:d,1:b,2:c" });
    story.step({ data: "bd" });
    return story;
  }

  test("are told either with all of their changes or with none", () => {
    expect(revisionTexts(uniform().history.changes(FILE, 16n, 80n))).toEqual([
      "2: 0,1 size",
      "3: 1",
      "4: 1 size",
      "5: 0,1",
    ]);
  });

  test("are told so in every span", () => {
    const { history } = uniform();
    expect(revisionTexts(history.changes(FILE, 32n, 64n))).toEqual(["3: 1", "4: 1 size"]);
    expect(revisionTexts(history.changes(FILE, 64n, 80n))).toEqual(["5: 0,1"]);
    expect(revisionTexts(history.changes(FILE, 48n, 48n))).toEqual([]);
  });

  test("are left out when only blocks that were read are asked for", () => {
    const { history } = uniform();
    expect(revisionTexts(history.changes(FILE, 16n, 80n, { onlyExplicit: true }))).toEqual(["2: 0 size", "5: 0"]);
    expect(history.pinsAt(FILE, 16n)).toEqual(new Map([[0, 16n]]));
    expect(history.pinsAt(FILE, 64n)).toEqual(new Map([[0, 32n]]));
    expect(history.trackedBlocks(FILE)).toEqual(new Set([0]));
  });
});

describe("an epoch", () => {
  test("is another block size, another table, creation or deletion, but not the same state again", () => {
    const story = new Story({ tree: "T/B1:a", tree2: "T/B1:b" });
    story.track(1);
    expect(story.step({ files: [[FILE, file(TABLE)]] })).toBe("");
    expect(story.step({ files: [[FILE, file(TABLE, 128)]], data: "a" })).toBe("epoch");
    expect(story.step({ files: [[FILE, file(TABLE2, 128)]] })).toBe("epoch");
    expect(story.step({ files: [[FILE, undefined]] })).toBe("epoch");
    expect(story.step({ files: [[FILE, undefined]] })).toBe("");
    expect(story.step({ files: [[FILE, file(TABLE)]] })).toBe("epoch");
    const epochs = story.history.epochsBetween(FILE, 16n, 112n);
    expect(epochs.map(({ rev, before, after }) => [rev / 16n, before?.blktab, after?.blktab])).toEqual([
      [3n, TABLE, TABLE],
      [4n, TABLE, TABLE2],
      [5n, TABLE2, undefined],
      [7n, undefined, TABLE],
    ]);
    expect(story.history.lastEpoch(FILE)?.rev).toBe(112n);
    expect(story.history.epochsBetween(FILE, 48n, 80n)).toHaveLength(2);
  });

  test("ends what is known of a block, on both sides of it", () => {
    const story = new Story({ tree: "T/B1:a", tree2: "T/B1:b" });
    story.track(1);
    story.step({ data: "a" });
    story.step({ files: [[FILE, file(TABLE2)]] });
    story.track(1);
    story.step({ data: "ab" });
    expect(story.history.blkRevAt(FILE, 1, 32n)).toEqual({ rev: 32n, exact: true });
    expect(story.history.blkRevAt(FILE, 1, 48n)).toEqual({ rev: 48n, exact: true });
    expect(story.history.blkRevAt(FILE, 1, 64n)).toEqual({ rev: 64n, exact: true });
    expect(revisionTexts(story.history.changes(FILE, 16n, 64n))).toEqual(["2: 1", "3: epoch", "4: 1"]);
  });

  test("is found in the past of a file tracked later", () => {
    const story = new Story({ tree: "T/B1:a", tree2: "T/B1:b", files: [] });
    story.quietStep({ data: "a" });
    story.quietStep({ files: [[FILE, file(TABLE)]] });
    story.quietStep({ files: [[FILE, file(TABLE2)]] });
    story.quietStep({ data: "b" });
    story.track(1);
    story.walk.expectAll();
    expect(story.history.epochsBetween(FILE, 16n, 80n).map(({ rev }) => rev)).toEqual([48n, 64n]);
    expect(story.history.blkRevAt(FILE, 1, 32n)).toEqual({ rev: 16n, exact: false });
    expect(story.history.blkRevAt(FILE, 1, 63n)).toEqual({ rev: 48n, exact: true });
    expect(story.history.blkRevAt(FILE, 1, 80n)).toEqual({ rev: 80n, exact: true });
    expect(story.history.blkRevAt(FILE, 5, 80n)).toEqual({ rev: 64n, exact: true });
  });

  test("of one file takes nothing from another with the same table", () => {
    const story = new Story({
      tree: "T/B1:a,2:b",
      tree2: "T/B1:c",
      files: [
        [FILE, file(TABLE)],
        [OTHER, file(TABLE)],
      ],
    });
    story.track(1, 2);
    story.walk.track(OTHER, [1]);
    expect(story.step({ data: "b" }, OTHER)).toBe("2");
    expect(story.step({ files: [[OTHER, file(TABLE2)]] })).toBe("");
    expect(story.step({ data: "a" })).toBe("1");
    expect(story.step({ data: "a" }, OTHER)).toBe("");
    expect(story.step({ tree: "T2/B1:b-B2:b", data: "b" })).toBe("1,2 size");
    expect(story.step({ files: [[FILE, undefined]] })).toBe("epoch");
    expect(story.step({ tree: "T2/B1:a-B2:b", data: "a" })).toBe("");
  });

  test("leaves the old table tracked as long as its time is remembered, and not longer", () => {
    const story = new Story({ tree: "T/B1:a", tree2: "T/B1:b" });
    story.track(1);
    story.step({ files: [[FILE, file(TABLE2)]] });
    story.step({ tree: "T/B1:c" });
    expect(story.history.blkRevAt(FILE, 1, 16n)).toEqual({ rev: 16n, exact: false });
    story.history.forget(32n);
    const { loads } = story.store;
    story.history.update(story.store.commit(64n, [[TABLE, undefined]]));
    expect(story.store.loads).toBe(loads);
  });
});

describe("the history of files refuses", () => {
  test("questions about files that were never tracked", () => {
    const { history } = new Story({ tree: "T/B1:a" });
    const untracked = expect.objectContaining({ code: "EUNTRACKED" }) as unknown;
    expect(() => history.blkRevAt(FILE, 1, 16n)).toThrow(untracked);
    expect(() => history.changes(FILE, 16n, 16n)).toThrow(untracked);
    expect(() => history.lastEpoch(FILE)).toThrow(untracked);
    expect(history.isTracked(FILE)).toBe(false);
  });

  test("paths that do not start at the file's table", () => {
    const story = new Story({ tree: "T/B1:a", tree2: "T/B1:b" });
    story.track(1);
    const all = { lo: -Infinity, hi: Infinity };
    expect(() => story.history.track(FILE, 1, [TABLE2], all)).toThrow("is not one of file 0000000000000001");
    expect(() => story.history.track(FILE, 1, [], all)).toThrow("is not one of file");
  });

  test("commits that are not newer than head", () => {
    const { history } = new Story({ tree: "T/B1:a" });
    expect(() => history.update({ tid: 16n, oids: [] })).toThrow("is not after head");
  });
});
