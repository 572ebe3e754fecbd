/**
 * A client that looks at a file through the isolation protocol, as programs with memory mappings do, and tells what it sees.
 *
 *     viewer-entry.ts MOUNTPOINT FILE BLKSIZE MAXBLOCKS KIND SEED
 *
 * It prints lines `view <at> [<pins before> <pins after>] <blk>=<text> …`, each a claim that this was the file's content at that moment. KIND says how it takes to pins:
 * `prompt`, `slow`, `dying` (is killed now and then instead of answering), `mute` (stops answering at some time). It ends when stdin does.
 */
import * as fs from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, mmap } from "@belay/linux";

const [mountpoint = "", file = "", blksizeText = "", maxText = "", kind = "", seedText = ""] = process.argv.slice(2);
const [blksize, maxBlocks] = [Number(blksizeText), Number(maxText)];
const head = join(mountpoint, "head/bigfile", file);
const read = promisify(fs.read);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

let seed = Number(seedText);
/** A number below `limit`. */
function random(limit: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return Math.floor((seed / 0x8000_0000) * limit);
}

const state = { isEnding: false };
process.stdin.on("end", () => (state.isEnding = true)).resume();

const worker = new Worker(new URL("./viewer.worker.ts", import.meta.url), {
  workerData: { path: head, length: blksize * maxBlocks, blksize },
  trackUnmanagedFds: false,
});
const address = await new Promise<number>((resolve) => worker.once("message", resolve));

/** Has another thread read blocks from memory. */
function look(blocks: number): Promise<readonly string[]> {
  return new Promise((resolve) => {
    worker.once("message", resolve);
    worker.postMessage(blocks);
  });
}

/** Puts a block's place in memory over what it is to show. */
function show(blk: number, rev: string): void {
  const place = { address: address + blk * blksize, length: blksize };
  const fd = fs.openSync(rev === "head" ? head : join(mountpoint, `@${rev}/bigfile`, file), "r");
  try {
    // A client may look at the file of head, too, while an unpin waits for its answer.
    fs.statSync(head);
    const inside = rev === "head" || blk * blksize < fs.fstatSync(fd).size;
    if (inside) mmap({ ...place, fd, offset: blk * blksize, flags: MAP_SHARED | MAP_FIXED });
    else mmap({ ...place, flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED });
  } finally {
    fs.closeSync(fd);
  }
}

/** Reads what there is. A process that was stopped for a while gets EINTR for a read that waited. */
async function readAgain(fd: number, buffer: Buffer): Promise<number> {
  for (;;) {
    try {
      return (await read(fd, buffer, 0, buffer.length, null)).bytesRead;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EINTR")) throw error;
    }
  }
}

/** One link, whose pins are answered as they come. */
class Link {
  readonly #fd = fs.openSync(join(mountpoint, "head/watch"), "r+");
  readonly #replies = new Map<number, (reply: string) => void>();
  readonly #pinned = new Map<number, string>();
  readonly ended: Promise<void>;
  #stream = -1;
  #hasLeft = false;

  constructor() {
    this.ended = this.#listen();
  }

  request(message: string): Promise<string> {
    this.#stream += 2;
    fs.writeSync(this.#fd, `${this.#stream} ${message}\n`);
    return new Promise((resolve) => this.#replies.set(this.#stream, resolve));
  }

  /** Everything is shown from head again, and nobody is asked any more. */
  async leave(): Promise<void> {
    this.#stream += 2;
    this.#hasLeft = true;
    fs.writeSync(this.#fd, `${this.#stream} bye\n`);
    await this.ended;
    fs.closeSync(this.#fd);
    this.showHead();
  }

  /** Which blocks are shown from which revisions. */
  get pins(): string {
    return [...this.#pinned].map(([blk, rev]) => `${blk}@${rev}`).join(",");
  }

  /** Shows all blocks from head, as a client does that begins anew. */
  showHead(): void {
    for (const blk of this.#pinned.keys()) show(blk, "head");
    this.#pinned.clear();
  }

  async #listen(): Promise<void> {
    const buffer = Buffer.alloc(65536);
    for (let rest = ""; ;) {
      const bytesRead = await readAgain(this.#fd, buffer);
      if (bytesRead === 0) return;
      rest += buffer.toString("utf8", 0, bytesRead);
      for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
        void this.#take(rest.slice(0, end));
        rest = rest.slice(end + 1);
      }
    }
  }

  async #take(line: string): Promise<void> {
    const [, stream = "", message = ""] = /^(\d+) (.*)$/.exec(line) ?? [];
    const pin = /^pin \S+ #(\d+) @(\S+)$/.exec(message);
    if (pin !== null) return this.#pin(stream, Number(pin[1]), pin[2] ?? "");
    if (stream === "0") process.stdout.write(`control ${message}\n`);
    this.#replies.get(Number(stream))?.(message);
  }

  async #pin(stream: string, blk: number, rev: string): Promise<void> {
    if (kind === "slow") await pause(random(60));
    if (kind === "dying" && random(60) === 0) process.kill(process.pid, "SIGKILL");
    if (kind === "mute" && random(300) === 0) {
      process.stdout.write("mute\n");
      return;
    }
    // After a farewell nobody waits for the answers that are due.
    if (this.#hasLeft) return;
    show(blk, rev);
    if (rev === "head") this.#pinned.delete(blk);
    else this.#pinned.set(blk, rev);
    fs.writeSync(this.#fd, `${stream} ack\n`);
  }
}

/** Looks a few times at one moment. */
async function view(at: string, link: Link): Promise<void> {
  const size = fs.statSync(join(mountpoint, `@${at}/bigfile`, file)).size;
  fs.statSync(head);
  for (let looks = 1 + random(3); looks > 0 && !state.isEnding; looks--) {
    const before = link.pins;
    const texts = await look(size / blksize);
    process.stdout.write(`view ${at} [${before} ${link.pins}] ${texts.join(" ")}\n`);
    if (random(3) === 0) await pause(random(40));
  }
}

const headAt = () => fs.readFileSync(join(mountpoint, "head/at"), "latin1");

/** A moment a little before head, head, or a little after; none at which the file may not have been there yet. */
function chooseAt(last: string): string {
  const now = headAt();
  const shift = [0n, 0n, 1n << 22n, 1n << 25n, -(1n << 22n)][random(5)] ?? 0n;
  const at = (BigInt(`0x${now}`) - shift).toString(16).padStart(16, "0");
  return [last, first, at].toSorted().at(-1) ?? at;
}

async function session(): Promise<void> {
  const link = new Link();
  let at = "";
  for (let moves = 1 + random(12); moves > 0 && !state.isEnding; moves--) {
    const next = chooseAt(at);
    const reply = await Promise.race([link.request(`watch ${file} @${next}`), link.ended.then(() => "ended")]);
    if (reply.includes("too far away")) continue;
    if (reply !== "ok") throw new Error(reply);
    at = next;
    await view(at, link);
    if (random(10) > 0) continue;
    // A client that has let the file go sees it from head, whatever that is.
    if ((await link.request(`watch ${file} -`)) !== "ok") throw new Error("not stopped");
    link.showHead();
    at = "";
  }
  await link.leave();
}

fs.statSync(head);
const first = headAt();
while (!state.isEnding) await session();
process.stdout.end(() => process.exit(0));
