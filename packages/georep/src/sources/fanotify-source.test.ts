import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { close, O_DIRECTORY, O_RDONLY, open } from "@belay/linux";
import { errnoName, openLedger, silentLogger, tempDir } from "@belay/supervise";
import { expect, test, type TestContext } from "vitest";

import { fileIdAt } from "../ids/file-id.ts";
import { dirty, type DirtyRecord } from "../journal/record.ts";
import type { ChangeSource } from "./change-source.ts";
import { watchByFanotify } from "./fanotify-source.ts";
import { openSourceTree } from "./source-tree.ts";

async function place(context: TestContext) {
  await using owned = new AsyncDisposableStack();
  const ledger = owned.use(await openLedger());
  const { path } = owned.use(await tempDir(ledger));
  for (const name of ["tree/sub", "out/deep"]) mkdirSync(join(path, name), { recursive: true });
  const tree = owned.use(openSourceTree(join(path, "tree")));
  const records: DirtyRecord[] = [];
  const tell = (told: readonly DirtyRecord[]) => void records.push(...told.map(copyOf));
  const source = watchOrSkip(context, () =>
    watchByFanotify({ tree, path: join(path, "tree"), tell, logger: silentLogger, scanEveryMs: 1000 }),
  );
  owned.use(source);
  const held = owned.move();
  const drain = () => {
    source.drain();
    return records.splice(0);
  };
  return { at: (name: string) => join(path, name), drain, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function watchOrSkip(context: TestContext, watch: () => ChangeSource): ChangeSource {
  try {
    return watch();
  } catch (error) {
    const code = errnoName(error);
    if (code !== "EPERM" && code !== "EINVAL" && code !== "EOPNOTSUPP" && code !== "ENODEV") throw error;
    context.skip("no fanotify with names here (needs CAP_SYS_ADMIN and Linux 5.17)");
    throw error;
  }
}

// The records refer to the source's buffer.
const copyOf = ({ kinds, directory, name, object }: DirtyRecord): DirtyRecord => ({
  kinds,
  directory: Buffer.from(directory),
  name: Buffer.from(name),
  object: Buffer.from(object),
});

function idOf(path: string): Buffer {
  const fd = open(path, O_RDONLY | O_DIRECTORY);
  const id = fileIdAt(fd, "");
  close(fd);
  return id;
}

const write = (directory: string, count: number) => {
  for (let i = 0; i < count; i++) writeFileSync(join(directory, `f${i}`), "x");
};

// Whether a group of this process has a mark that takes events of a directory away, as the kernel shows it.
function isIgnored(directory: string): boolean {
  const mark = new RegExp(`^fanotify ino:${statSync(directory).ino.toString(16)} .*ignored_mask:8`, "m");
  return readdirSync("/proc/self/fdinfo").some((fd) => {
    try {
      return mark.test(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"));
    } catch {
      return false;
    }
  });
}

test("where much happens outside the tree the kernel does not tell of it", async (context) => {
  await using watched = await place(context);
  write(watched.at("out"), 2);
  expect(watched.drain()).toEqual([]);
  expect(isIgnored(watched.at("out"))).toBe(false);
  write(watched.at("out"), 20);
  expect(watched.drain()).toEqual([]);
  expect(isIgnored(watched.at("out"))).toBe(true);
  write(watched.at("tree/sub"), 3);
  renameSync(watched.at("out/f7"), watched.at("tree/came"));
  const told = watched.drain().map(({ name }) => name.toString());
  expect(new Set(told)).toEqual(new Set(["f0", "f1", "f2", "came"]));
});

test("a directory that was outside is told of when it has come into the tree, and so is what is below it", async (context) => {
  await using watched = await place(context);
  for (const name of ["out", "out/deep"]) write(watched.at(name), 20);
  watched.drain();
  for (const name of ["out", "out/deep"]) expect(isIgnored(watched.at(name))).toBe(true);
  renameSync(watched.at("out"), watched.at("tree/in"));
  const [id, deep] = [idOf(watched.at("tree/in")), idOf(watched.at("tree/in/deep"))];
  expect(watched.drain().some(({ kinds, directory }) => kinds === dirty.gap && directory.equals(id))).toBe(true);
  for (const name of ["in", "in/deep"]) expect(isIgnored(watched.at(`tree/${name}`))).toBe(false);
  write(watched.at("tree/in"), 1);
  write(watched.at("tree/in/deep"), 1);
  const told = watched.drain();
  for (const each of [id, deep]) expect(told.some(({ directory }) => directory.equals(each))).toBe(true);
});
