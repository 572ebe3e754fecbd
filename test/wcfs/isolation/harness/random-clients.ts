import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { IsolationWorld } from "./world.ts";

const ENTRY = fileURLToPath(new URL("./viewer-entry.ts", import.meta.url));
const PAGE = 4096;

/** What a run is to be like. */
export interface RandomRun {
  readonly seconds: number;
  /** It goes on for some time more when there are fewer claims of clients by then. */
  readonly views: number;
  readonly seed: number;
  readonly kinds: readonly ViewerKind[];
  readonly blksize: number;
  /** No file gets longer. */
  readonly maxBlocks: number;
  /** Milliseconds between commits, at most. */
  readonly pause: number;
}

/** How a client takes to pins. */
export type ViewerKind = "prompt" | "slow" | "dying" | "mute";

/** What a run has seen. */
export interface RandomResult {
  readonly commits: number;
  /** Claims of clients about what a file was at a moment, all checked. */
  readonly views: number;
  /** Clients that ended by themselves, or were killed, and were started again. */
  readonly restarts: number;
  /** What was wrong. */
  readonly problems: readonly string[];
}

/** All contents of one file, by brute force: the blocks after each commit. */
class FileModel {
  readonly #states: { readonly tid: string; readonly blocks: ReadonlyMap<number, string> }[];

  constructor(tid: string) {
    this.#states = [{ tid, blocks: new Map() }];
  }

  commit(tid: string, changes: ReadonlyMap<number, string | undefined>): void {
    const blocks = new Map(this.#states.at(-1)?.blocks);
    for (const [blk, text] of changes) {
      if (text === undefined) blocks.delete(blk);
      else blocks.set(blk, text);
    }
    this.#states.push({ tid, blocks });
  }

  /** The lines a viewer prints when it sees the file as of that moment. */
  at(at: string): string {
    const blocks = this.#states.findLast(({ tid }) => tid <= at)?.blocks ?? new Map<number, string>();
    const count = Math.max(-1, ...blocks.keys()) + 1;
    return Array.from({ length: count }, (_, blk) => `${blk}=${blocks.get(blk) ?? ""}`).join(" ");
  }
}

/** Lets clients look while this process commits, and checks everything they say. */
export async function runRandomClients(world: IsolationWorld, run: RandomRun): Promise<RandomResult> {
  const random = randomNumbers(run.seed);
  const file = world.database.createFile(run.blksize);
  const model = new FileModel(file.tid);
  const claims: { readonly at: string; readonly text: string; readonly who: string }[] = [];
  const problems: string[] = [];
  let restarts = 0;
  let commits = 0;
  const over = new AbortController();

  const commit = () => {
    const middle = run.maxBlocks >> 1;
    const changes = new Map<number, string | undefined>(commits === 0 ? [[middle, "c0"]] : []);
    for (let count = 1 + random(4); count > 0; count--) {
      const blk = random(run.maxBlocks);
      // Only what is not at the end goes, so that the file never gets shorter, which clients rely on.
      const text = blk < middle && random(8) === 0 ? undefined : `c${commits}b${blk}`;
      if (blk !== middle || commits > 0) changes.set(blk, text);
    }
    world.database.put(file.oid, toBlocks(changes, run.blksize), random(2) === 0 ? "ZBlk0" : "ZBlk1");
    model.commit(world.database.commit(), changes);
    commits++;
  };

  const args = (kind: ViewerKind) =>
    [world.server.mountpoint, file.oid, run.blksize, run.maxBlocks, kind, random(1e9)].map(String);
  const children = new Set<ChildProcess>();
  const keepRunning = async (kind: ViewerKind, name: string) => {
    for (;;) {
      const child = spawn(process.execPath, [ENTRY, ...args(kind)], { stdio: ["pipe", "pipe", "pipe"] });
      children.add(child);
      let errors = "";
      child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
      createInterface({ input: child.stdout }).on("line", (line) => {
        const [, at, text] = /^view ([0-9a-f]{16}) ?(.*)$/.exec(line) ?? [];
        if (at !== undefined) claims.push({ at, text: text ?? "", who: name });
      });
      const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
      children.delete(child);
      const mayEnd = code === 0 || (kind === "mute" && signal !== null) || (kind === "dying" && signal === "SIGKILL");
      if (!mayEnd) problems.push(`${name} ended with ${signal ?? code}: ${errors}${logOf(world, child.pid)}`);
      if (over.signal.aborted) return;
      restarts++;
    }
  };

  for (let first = 0; first < 10; first++) commit();
  await world.shown(world.database.head);
  const running = run.kinds.map((kind, index) => keepRunning(kind, `${kind} ${index}`));
  const end = Date.now() + run.seconds * 1000;
  // A busy machine gets more time for them to begin.
  const isEnough = () => Date.now() > end && (claims.length >= run.views || Date.now() > end + 30_000);
  while (!isEnough() && problems.length === 0) {
    commit();
    await sleep(random(run.pause));
  }
  over.abort();
  for (const child of children) child.stdin?.end();
  // Some wait for a moment that has not come yet.
  for (let tries = 0; tries < 100 && children.size > 0; tries++) {
    commit();
    await Promise.race([Promise.all(running), sleep(150)]);
  }
  if (children.size > 0) problems.push(await describeHang(world, children));
  for (const child of children) child.kill("SIGKILL");
  for (const { at, text, who } of claims) {
    if (text !== model.at(at)) problems.push(`${who} saw @${at}\n  ${text}, which was\n  ${model.at(at)}`);
  }
  return { commits, views: claims.length, restarts, problems };
}

/** Where everybody waits. */
async function describeHang(world: IsolationWorld, children: ReadonlySet<ChildProcess>): Promise<string> {
  const metrics = await world.watcher.text(".wcfs/metrics").catch(String);
  const threads = [...children].flatMap(({ pid }) =>
    readdirSync(`/proc/${pid}/task`).map((tid) => {
      const read = (name: string) => readFileSync(`/proc/${pid}/task/${tid}/${name}`, "latin1").trim();
      return `${pid}/${tid} ${read("comm")} ${read("wchan")} ${read("syscall")}`;
    }),
  );
  const waiting = threads.filter((thread) => !/futex_do_wait|do_epoll_wait/.test(thread));
  return ["clients do not end", ...waiting, metrics.replace(/^#.*\n/gm, "")].join("\n");
}

/** What the server has to say about a process. */
function logOf(world: IsolationWorld, pid: number | undefined): string {
  const lines = world.server.stderr().split("\n");
  return lines.filter((line) => line.includes(`pid${pid}:`)).join("\n");
}

/** Each page says it, so that pages of different commits in one block are told apart. */
function toBlocks(
  changes: ReadonlyMap<number, string | undefined>,
  blksize: number,
): Record<number, Buffer | undefined> {
  return Object.fromEntries(
    [...changes].map(([blk, text]) => {
      if (text === undefined) return [blk, undefined];
      const bytes = Buffer.alloc(blksize);
      for (let at = 0; at < blksize; at += PAGE) bytes.write(text, at);
      return [blk, bytes];
    }),
  );
}

function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * limit);
  };
}
