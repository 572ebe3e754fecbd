import { execFileSync } from "node:child_process";
import { linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { allocatePages, errno, ErrnoError } from "@belay/linux";
import { expect, onTestFinished, test } from "vitest";

import { excludesNothing, parseExcludes } from "../policy/excludes.ts";
import { defaultPolicy } from "../policy/policy.ts";
import { FillReader, mostContents } from "../rpc/fill-messages.ts";
import { maxInline, readId } from "../rpc/messages.ts";
import { WireReader } from "../rpc/wire.ts";
import { openSourceTree } from "../sources/source-tree.ts";
import { filesOf as readFiles, type NewFile } from "../testing/new-file.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { entriesToFill, workToFill, type Filling } from "./fill-directory.ts";
import { newFillMemory, planFill, type FillPlan } from "./fill-plan.ts";
import { portion } from "./portion.ts";

function openTree() {
  const path = mkdtempSync(join(tmpdir(), "belay-test-fill-"));
  const tree = openSourceTree(path);
  onTestFinished(() => {
    tree[Symbol.dispose]();
    rmSync(path, { recursive: true });
  });
  const filling: () => Filling = () => ({ directory: tree.rootId, entries: entriesToFill(tree, tree.rootId) });
  const plan = (of: Filling, from = 0) =>
    planFill({ tree, policy: defaultPolicy, memory: newFillMemory(), slot: undefined }, of, from);
  return { path, tree, filling, plan };
}

function filesOf({ message }: FillPlan): Map<string, NewFile> {
  const nameOf = ({ cName }: NewFile) => cName.toString("latin1", 0, cName.length - 1);
  return new Map(readFiles(message).map((file) => [nameOf(file), file]));
}

test("small files go together; what is anything else is left to be looked at by itself", () => {
  const { path, tree, filling, plan } = openTree();
  mkdirSync(join(path, stateDirectoryName));
  mkdirSync(join(path, "directory"));
  symlinkSync("plain", join(path, "link"));
  execFileSync("mkfifo", [join(path, "fifo")]);
  for (const [name, content] of [["plain", "abc"], ["empty", ""], ["large", "x".repeat(maxInline + 1)]] as const) writeFileSync(join(path, name), content); // prettier-ignore
  writeFileSync(join(path, "twice"), "2");
  linkSync(join(path, "twice"), join(path, "second"));
  writeFileSync(join(path, "attributed"), "a");
  execFileSync("setfattr", ["-n", "user.a", "-v", "1", join(path, "attributed")]);
  const made = plan(filling());
  const files = filesOf(made);
  expect([...files.keys()].sort()).toEqual(["empty", "plain"]);
  const stat = lstatSync(join(path, "plain"), { bigint: true });
  expect(files.get("plain")).toMatchObject({
    content: Buffer.from("abc"),
    mode: Number(stat.mode),
    mtime: stat.mtimeNs,
  });
  expect(made.rest.map(({ name }) => name.toString()).sort()).toEqual(
    ["attributed", "directory", "fifo", "large", "link", "second", "twice"].sort(),
  );
  expect(made.files).toHaveLength(2);
  expect(tree.openFile(files.get("plain")?.id ?? tree.rootId)).not.toBe(tree.root);
});

test("a file changed just now may change again unseen: its ctime counts for nothing", async () => {
  const { path, filling, plan } = openTree();
  const planned = () => filesOf(plan(filling())).get("f")?.ctime;
  // On a busy machine it may have been changed some time ago when it is looked at.
  const changed = () => {
    writeFileSync(join(path, "f"), "1");
    return planned();
  };
  await expect.poll(changed).toBe(0n);
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(planned()).toBe(lstatSync(join(path, "f"), { bigint: true }).ctimeNs);
});

test("a plan takes no more than a portion, and what is gone by then is looked at by itself", () => {
  const { path, filling, plan } = openTree();
  for (let index = 0; index < portion.names + 10; index++) writeFileSync(join(path, `f${index}`), `${index}`);
  const all = filling();
  const first = plan(all);
  expect([first.next, first.files.length]).toEqual([portion.names, portion.names]);
  for (const { cName } of all.entries.slice(portion.names)) rmSync(join(path, cName.toString("latin1", 0, cName.length - 1))); // prettier-ignore
  const second = plan(all, first.next);
  expect([second.next, second.files.length, second.rest.length]).toEqual([portion.names + 10, 0, 10]);
  for (let index = 0; index < 10; index++) writeFileSync(join(path, `large${index}`), Buffer.alloc(maxInline));
  expect(filesOf(plan(filling())).size).toBeLessThanOrEqual(portion.names);
});

test("many large names in one message", () => {
  const { path, filling, plan } = openTree();
  for (let index = 0; index < 6; index++) {
    const file = join(path, `${index}${"x".repeat(254)}`);
    writeFileSync(file, Buffer.alloc(maxInline, index));
    utimesSync(file, 1, 1);
  }
  const made = plan(filling());
  expect(made.next).toBe(portion.bytes / maxInline);
  for (const { content } of filesOf(made).values()) expect(content.every((byte) => byte === content[0])).toBe(true);
});

test("contents go into the slot that is given, in the order of the files, and count as what is under way", () => {
  const { path, tree, filling, plan } = openTree();
  for (const [name, content] of Object.entries({ a: "12", b: "", c: "345" })) writeFileSync(join(path, name), content);
  using shared = allocatePages(mostContents);
  const slot = { offset: 0, address: shared.address };
  const made = planFill({ tree, policy: defaultPolicy, memory: newFillMemory(), slot }, filling(), 0);
  const request = new WireReader(made.message);
  readId(request);
  const reader = new FillReader(request, shared);
  const contents = new Map<string, string>();
  while (reader.next()) {
    const content = shared.view(reader.contentAddress - shared.address, reader.size);
    contents.set(reader.cName.toString("latin1", 0, 1), Buffer.from(content).toString());
  }
  expect(Object.fromEntries(contents)).toEqual({ a: "12", b: "", c: "345" });
  expect([made.bytes, made.size]).toEqual([5, made.message.length + 5]);
  const whole = plan(filling());
  expect([whole.bytes, whole.size]).toEqual([5, whole.message.length]);
  expect(whole.message.length).toBe(made.message.length + 5);
});

test("what lies in a directory that cannot be opened any more is left to be looked at by itself", () => {
  const { path, tree, filling } = openTree();
  writeFileSync(join(path, "f"), "1");
  const all = filling();
  const openDirectory = (): never => {
    throw new ErrnoError(errno.EACCES, "open");
  };
  const shut = { tree: { ...tree, openDirectory }, policy: defaultPolicy, memory: newFillMemory(), slot: undefined };
  expect(planFill(shut, all, 0)).toMatchObject({ files: [], next: 1, rest: [{ name: Buffer.from("f") }] });
});

test("where more counts than the file itself, each name is looked at by itself", () => {
  const { path, filling } = openTree();
  writeFileSync(join(path, "f"), "1");
  const work = (more: Partial<typeof defaultPolicy>) => workToFill({ ...defaultPolicy, ...more }, filling());
  expect(work({ excludes: excludesNothing })).toMatchObject({ fillings: [{}], names: [] });
  for (const more of [{ engine: "rsync" }, { ignoreDeletes: true }, { excludes: parseExcludes("*.o") }] as const)
    expect(work(more)).toMatchObject({ fillings: [], names: [{ name: Buffer.from("f") }] });
});
