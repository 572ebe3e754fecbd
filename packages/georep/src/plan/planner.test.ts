import { linkSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { lsetxattr } from "@belay/linux";
import { expect, test } from "vitest";

import { dirty } from "../journal/record.ts";
import { defaultPolicy } from "../policy/policy.ts";
import { maxFrame } from "../rpc/frames.ts";
import { writeApply } from "../rpc/messages.ts";
import { WireWriter } from "../rpc/wire.ts";
import { openSourceTree, type SourceTree } from "../sources/source-tree.ts";
import { fileIdAt } from "../ids/file-id.ts";
import { dirtyName, type DirtyName } from "./dirty-set.ts";
import { makePlan, newContentRoom, type Plan } from "./planner.ts";

interface Place extends Disposable {
  readonly path: (name: string) => string;
  readonly tree: SourceTree;
  readonly plan: (names: readonly DirtyName[]) => Plan;
}

function openPlace(parent = tmpdir()): Place {
  const base = mkdtempSync(join(parent, "belay-planner-"));
  const tree = openSourceTree(base);
  return {
    path: (name) => join(base, name),
    tree,
    plan: (names) => makePlan({ tree, policy: defaultPolicy, room: newContentRoom() }, names),
    [Symbol.dispose]: () => {
      tree[Symbol.dispose]();
      rmSync(base, { recursive: true });
    },
  };
}

const nothing = Buffer.alloc(0);
const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot)("a file that is known by nothing but its id is looked at when it is tried again", () => {
  using place = openPlace();
  writeFileSync(place.path("a"), "1");
  linkSync(place.path("a"), place.path("b"));
  const id = fileIdAt(place.tree.root, Buffer.from("a"));
  unlinkSync(place.path("a"));
  const again = [dirtyName({ directory: id, name: nothing }, dirty.data)];
  expect(place.plan(again).request.objects.map((object) => object.id)).toEqual([id]);
  unlinkSync(place.path("b"));
  expect(place.plan(again).request.objects).toEqual([]);
});

test("names with large attributes are spread over as many messages as they need", () => {
  using place = openPlace("/dev/shm");
  const names = Array.from({ length: 200 }, (_, index) => Buffer.from(`f${index}`));
  for (const name of names) {
    writeFileSync(place.path(name.toString()), "");
    lsetxattr(place.path(name.toString()), "user.large", Buffer.alloc(65_536));
  }
  const dirtyNames = names.map((name) => dirtyName({ directory: place.tree.rootId, name }, dirty.entry));
  const planned: Buffer[] = [];
  for (let rest = dirtyNames; rest.length > 0;) {
    const { request, next } = place.plan(rest);
    const writer = new WireWriter();
    writeApply(writer, request);
    expect(writer.finish().length).toBeLessThan(maxFrame / 4);
    planned.push(...request.entries.map(({ name }) => name));
    rest = rest.slice(next);
  }
  expect(planned).toEqual(names);
});
