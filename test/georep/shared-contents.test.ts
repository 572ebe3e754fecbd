import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { addSeals, close, F_SEAL_SHRINK, ftruncate, memfdCreate, pwrite } from "@belay/linux";
import { expect, test } from "vitest";

import { fileIdAt } from "../../packages/georep/src/ids/file-id.ts";
import { defaultPolicy } from "../../packages/georep/src/policy/policy.ts";
import { RpcClient } from "../../packages/georep/src/rpc/client.ts";
import { readLeft } from "../../packages/georep/src/rpc/fill-messages.ts";
import { writeHello } from "../../packages/georep/src/rpc/hello-messages.ts";
import { writeApply } from "../../packages/georep/src/rpc/messages.ts";
import { writeShare, type SharedMemory } from "../../packages/georep/src/rpc/share-messages.ts";
import { fileChange } from "../../packages/georep/src/testing/file-change.ts";
import { fillOf, type NewFile } from "../../packages/georep/src/testing/new-file.ts";
import { childrenOf } from "./random-writer.ts";
import { makePair, within } from "./replica.ts";

const program = fileURLToPath(new URL("../../packages/georep/src/secondary/secondary-main.ts", import.meta.url));
const [rootId, dirId] = [Buffer.from("root"), Buffer.from("dir")];

/** A receiving end that has been greeted, and has made a directory. */
async function receivingEnd(root: string, relation = "--child") {
  const child = spawn(process.execPath, [program, root, relation]);
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const ended = once(child, "exit");
  const rpc = new RpcClient(child.stdout, child.stdin);
  await rpc.connect("test");
  const rules = { syncXattrs: true, syncAcls: true, ignoreDeletes: false, setsConflictsAside: true };
  await rpc.call("hello", (to) => writeHello(to, { rootId, rules, expected: undefined }));
  const directory = fileChange("dir", { mode: 0o040755, content: "changed" });
  const entries = [{ parent: rootId, name: dirId, object: 0 }];
  await rpc.call("apply", (to) => writeApply(to, { objects: [directory], entries }));
  return {
    said: () => said,
    pid: child.pid ?? NaN,
    share: (memory: SharedMemory) => rpc.call("share", (to) => writeShare(to, memory)),
    fill: async (files: readonly NewFile[], offset: number) =>
      readLeft(await rpc.call("fill", undefined, { tail: fillOf(dirId, files, { offset, address: 0 }) })),
    close: () => rpc[Symbol.dispose](),
    finish: () => rpc.call("finish"),
    [Symbol.asyncDispose]: async () => {
      rpc[Symbol.dispose]();
      child.kill();
      await ended;
    },
  };
}

/** Memory of this process, its first bytes `content`. */
function sharedMemory(content = "", { size = 4096, seals = F_SEAL_SHRINK } = {}): SharedMemory & Disposable {
  const fd = memfdCreate("belay-test-shared");
  ftruncate(fd, size);
  if (content !== "") pwrite(fd, Buffer.from(content), 0);
  addSeals(fd, seals);
  return { fd, id: fileIdAt(fd, ""), size, [Symbol.dispose]: () => close(fd) };
}

function newFile(name: string, size: number): NewFile {
  const { uid, gid } = fileChange(name);
  const ids = { id: Buffer.from(name), cName: Buffer.from(`${name}\0`) };
  return { ...ids, mode: 0o100644, uid, gid, mtime: 1n, ctime: 2n, content: Buffer.alloc(size) };
}

const mapsOf = (pid: number): string => fs.readFileSync(`/proc/${pid}/maps`, "latin1");
const ofWorker = /r--s .*memfd:belay-georep/;

test("contents come from the memory of the parent process, as they are there", async () => {
  using pair = makePair();
  using memory = sharedMemory("-abcde");
  await using peer = await receivingEnd(pair.destination);
  await peer.share(memory);
  expect(await peer.fill([newFile("x", 2), newFile("empty", 0), newFile("y", 3)], 1)).toEqual([]);
  await peer.finish();
  const read = (name: string) => fs.readFileSync(join(pair.destination, "dir", name), "utf8");
  expect([read("x"), read("empty"), read("y")]).toEqual(["ab", "", "cde"]);
});

test.for<[string, (peer: Awaited<ReturnType<typeof receivingEnd>>, memory: SharedMemory) => Promise<unknown>]>([
  ["before any is shared", (peer) => peer.fill([newFile("x", 1)], 0)],
  ["beyond the memory", (peer, memory) => peer.share(memory).then(() => peer.fill([newFile("x", 0)], 4097))],
  [
    "that go beyond it",
    (peer, memory) => peer.share(memory).then(() => peer.fill([newFile("x", 4000), newFile("y", 97)], 0)),
  ],
  ["in a second memory", (peer, memory) => peer.share(memory).then(() => peer.share(memory))],
  ["in a memory of no size", (peer, memory) => peer.share({ ...memory, size: 0 })],
  ["in one that is too large", (peer, memory) => peer.share({ ...memory, size: 4_000_000_000 })],
])("contents %s break the protocol", async ([, ask]) => {
  using pair = makePair();
  using memory = sharedMemory("abc");
  await using peer = await receivingEnd(pair.destination);
  const answer = ask(peer, memory).catch((error: unknown) => error);
  await expect.poll(peer.said).toMatch(/malformed message/);
  peer.close();
  expect(await answer).toMatchObject({ code: "ECONNLOST" });
  expect(fs.existsSync(join(pair.destination, "dir", "y"))).toBe(false);
});

test("a receiving end whose parent the worker is not opens nothing of it", async () => {
  using pair = makePair();
  using memory = sharedMemory("abc");
  await using peer = await receivingEnd(pair.destination, "--other");
  const answer = peer.share(memory).catch((error: unknown) => error);
  await expect.poll(peer.said).toMatch(/not our parent/);
  peer.close();
  expect(await answer).toMatchObject({ code: "ECONNLOST" });
});

test("what is not the memory that was told of, or may get shorter, is refused, and the work goes on", async () => {
  using pair = makePair();
  using open = sharedMemory("abc", { seals: 0 });
  using small = sharedMemory("abc");
  using sound = sharedMemory("abc");
  await using peer = await receivingEnd(pair.destination);
  const file = fs.openSync(pair.base, "r");
  await expect(peer.share(open)).rejects.toMatchObject({ code: "EBADMSG", remote: true });
  await expect(peer.share({ ...small, size: 8192 })).rejects.toMatchObject({ code: "EBADMSG", remote: true });
  await expect(peer.share({ ...small, id: sound.id })).rejects.toMatchObject({ code: "EBADMSG", remote: true });
  await expect(peer.share({ ...small, fd: 9999 })).rejects.toMatchObject({ code: "ENOENT", remote: true });
  await expect(peer.share({ fd: file, id: fileIdAt(file, ""), size: 1 })).rejects.toMatchObject({ code: "EINVAL" });
  fs.closeSync(file);
  expect(mapsOf(peer.pid)).not.toContain("belay-test-shared");
  expect(fs.readdirSync(`/proc/${peer.pid}/fd`).map((fd) => fs.readlinkSync(`/proc/${peer.pid}/fd/${fd}`)).join()).not.toContain("belay-test-shared"); // prettier-ignore
  await peer.share(sound);
  expect(await peer.fill([newFile("x", 3)], 0)).toEqual([]);
  await peer.finish();
  expect(fs.readFileSync(join(pair.destination, "dir", "x"), "utf8")).toBe("abc");
});

function makeFiles(source: string): void {
  for (let d = 0; d < 30; d++) {
    fs.mkdirSync(join(source, `d${d}`));
    for (let i = 0; i < 60; i++) fs.writeFileSync(join(source, `d${d}`, `f${i}`), `${d} ${i} `.repeat(i * i));
  }
}

test("a first copy on this machine goes through memory, of which nothing stays", { timeout: 90_000 }, async () => {
  using pair = makePair();
  makeFiles(pair.source);
  {
    await using worker = await pair.start();
    await worker.checkpoint(within(60_000));
    expect(pair.differences()).toEqual([]);
    const [child = NaN, ...more] = childrenOf(process.pid).filter((pid) => ofWorker.test(mapsOf(pid)));
    expect([child, ...more]).toEqual([expect.any(Number)]);
    expect(mapsOf(process.pid)).toContain("memfd:belay-georep");
    for (const pid of [child, process.pid])
      expect(fs.readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)).join()).not.toContain("belay-georep (deleted)"); // prettier-ignore
  }
  expect(mapsOf(process.pid)).not.toContain("memfd:belay-georep");
});

function linkOf(path: string): string {
  try {
    return fs.readlinkSync(path);
  } catch {
    return ""; // closed meanwhile
  }
}

test.for([{ compress: "zstd" }, { bandwidth: () => 100_000_000 }] as const)(
  "what is to be compressed or held back goes through the connection (%o)",
  { timeout: 90_000 },
  async (more) => {
    using pair = makePair();
    makeFiles(pair.source);
    await using worker = await pair.start({ policy: { ...defaultPolicy, ...more } });
    await worker.checkpoint(within(60_000));
    expect(pair.differences()).toEqual([]);
    expect(childrenOf(process.pid).filter((pid) => ofWorker.test(mapsOf(pid)))).toEqual([]);
    expect(mapsOf(process.pid)).not.toContain("memfd:belay-georep");
  },
);
