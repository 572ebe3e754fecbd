import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { AT_FDCWD } from "@belay/linux";
import { openLedger, silentLogger, tempDir } from "@belay/supervise";
import { expect, test } from "vitest";

import { fileIdAt } from "../ids/file-id.ts";
import { DirectoryPlaces } from "./directory-places.ts";
import { watchByInotify } from "./inotify-source.ts";
import { openSourceTree } from "./source-tree.ts";

test("where a directory was is known for as long as there is one", async () => {
  await using ledger = await openLedger();
  await using base = await tempDir(ledger);
  const at = (name: string) => join(base.path, name);
  using opened = openSourceTree(base.path);
  const tree = { ...opened, places: new DirectoryPlaces(true) };
  const context = { tree, path: base.path, tell: () => undefined, logger: silentLogger, scanEveryMs: 1000 };
  await using source = await watchByInotify(context);
  mkdirSync(at("kept/below"), { recursive: true });
  mkdirSync(at("gone/below"), { recursive: true });
  source.drain();
  const [kept, gone] = ["kept/below", "gone/below"].map((name) => fileIdAt(AT_FDCWD, at(name)));
  if (kept === undefined || gone === undefined) throw new Error("no ids");
  for (const id of [kept, gone]) expect(tree.places.get(id)?.name.toString()).toBe("below");
  renameSync(at("kept/below"), at("moved"));
  rmSync(at("gone"), { recursive: true });
  source.drain();
  expect(tree.places.get(kept)?.name.toString()).toBe("moved");
  expect(tree.places.get(gone)).toBeUndefined();
});
