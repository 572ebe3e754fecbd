import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { status } from "@belay/wcfs";
import { PAGE } from "../../wcfs/isolation/harness/page-content.ts";
import { WriterLog } from "./writer-log.ts";
import { blocks } from "./shape.ts";

const entryOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const VIEWER = entryOf("../../wcfs/isolation/harness/viewer-entry.ts");

/** The writer, in a process of its own. */
export interface LoadWriter extends AsyncDisposable {
  readonly file: string;
  /** Commits at a rate. @returns how many it made in how many milliseconds */
  write(perSecond: number, seconds: number): Promise<{ readonly commits: number; readonly milliseconds: number }>;
}

export async function startWriter(database: string, log: string): Promise<LoadWriter> {
  const child = spawn(process.execPath, [entryOf("./writer-entry.ts"), database, log], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  return {
    file: await next(),
    write: async (perSecond, seconds) => {
      child.stdin.write(`${perSecond} ${seconds}\n`);
      const [commits = NaN, milliseconds = NaN] = (await next()).split(" ").map(Number);
      return { commits, milliseconds };
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit");
    },
  };
}

/** What the readers saw, judged. */
export interface LoadResult {
  /** Pages that were judged, by kind of reader. */
  readonly pages: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
  /** The longest time a look of a reader, and an answer of `status`, took: milliseconds. */
  readonly slowestLook: number;
  readonly slowestStatus: number;
}

interface Look {
  readonly who: string;
  readonly line: string;
}

/** Clients of all kinds, for as long as something else goes on. */
export class LoadReaders {
  readonly #looks: Look[] = [];
  readonly #children = new Map<ChildProcess, { readonly who: string; last: number; looks: number }>();
  readonly #problems: string[] = [];
  #slowestLook = 0;
  #slowestStatus = 0;
  #isOver = false;

  /** @param count of each kind; one of the isolated ones takes its time for pins */
  start(mountpoint: string, file: string, count: number): void {
    const ownViewer = [VIEWER, mountpoint, file, PAGE, blocks, "slow"];
    const reader = (kind: string) => [entryOf("./reader-entry.ts"), kind, mountpoint, file];
    for (let index = 0; index < count; index++) {
      this.#spawn(`plain ${index}`, reader("plain"));
      this.#spawn(`tid ${index}`, reader("tid"));
      this.#spawn(`isolated ${index}`, index < 1 ? [...ownViewer, index] : reader("isolated"));
    }
  }

  /** Waits until each of them has looked once: starting so many processes is not what is to be tried. @throws after a minute */
  async begun(): Promise<void> {
    const until = Date.now() + 60_000;
    while (![...this.#children.values()].every(({ looks }) => looks > 0)) {
      if (Date.now() > until) throw new Error(`readers do not begin: ${this.#problems.join("; ")}`);
      await sleep(50);
    }
  }

  /** Asks `wcfs status` again and again, until the readers have been told to end. */
  async askStatus(zurl: string): Promise<void> {
    while (!this.#isOver) {
      const lines: string[] = [];
      const start = performance.now();
      await status(zurl, { print: (line) => lines.push(line) }).catch((error: unknown) => lines.push(String(error)));
      this.#slowestStatus = Math.max(this.#slowestStatus, performance.now() - start);
      if (lines.at(-1) !== "ok - read .wcfs/stats") this.#problems.push(`status: ${lines.join("; ")}`);
      await sleep(3000);
    }
  }

  /** Tells the readers to end, and waits. @param nudge commits something: a reader may wait for a moment that is still to come */
  async end(nudge: () => Promise<unknown>): Promise<void> {
    this.#isOver = true;
    for (const child of this.#children.keys()) child.stdin?.end();
    for (const until = Date.now() + 15_000; this.#children.size > 0 && Date.now() < until;) await nudge();
    for (const [child, { who }] of this.#children) {
      this.#problems.push(`${who} does not end`);
      child.kill("SIGKILL");
    }
  }

  judge(log: WriterLog): LoadResult {
    const pages: Record<string, number> = {};
    for (const { who, line } of this.#looks) {
      const [kind = "", before = "", after = "", ...texts] = line
        .replace(/^view (\S+) \[.*?\]/, "isolated $1 $1")
        .split(" ");
      const wrong = kind === "plain" ? log.judgeHead(before, texts) : log.judgeMoment(after, texts);
      if (wrong !== undefined || after < before)
        this.#problems.push(`${who} @${before}..${after}: ${wrong ?? "back in time"}`);
      pages[kind] = (pages[kind] ?? 0) + texts.length;
    }
    return {
      pages,
      problems: this.#problems,
      slowestLook: Math.round(this.#slowestLook),
      slowestStatus: Math.round(this.#slowestStatus),
    };
  }

  #spawn(who: string, args: readonly (string | number)[]): void {
    const child = spawn(process.execPath, args.map(String), { stdio: ["pipe", "pipe", "pipe"] });
    const entry = { who, last: performance.now(), looks: 0 };
    this.#children.set(child, entry);
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.stdin.on("error", () => undefined);
    createInterface({ input: child.stdout }).on("line", (line) => {
      // The first one has the start of the process in it.
      if (entry.looks++ > 0) this.#slowestLook = Math.max(this.#slowestLook, performance.now() - entry.last);
      entry.last = performance.now();
      this.#looks.push({ who, line });
    });
    child.once("close", (code, signal) => {
      this.#children.delete(child);
      if (code !== 0 && signal !== "SIGKILL") this.#problems.push(`${who} ended with ${signal ?? code}: ${errors}`);
    });
  }
}
