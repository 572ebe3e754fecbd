import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { FileModel } from "./file-model.ts";
import type { RestartableWorld } from "./restartable-world.ts";

const ENTRY = fileURLToPath(new URL("./viewer-entry.ts", import.meta.url));

/** How a client takes to pins. */
export type ViewerKind = "prompt" | "slow" | "dying" | "mute";

interface Viewer {
  readonly child: ChildProcess;
  /** It has been killed, or its server: however it ends is right. */
  mayEnd: boolean;
}

/** Clients that look at one file, and are started again when they have ended. */
export class Viewers {
  /** What clients said that the file was at a moment: how often, and all of it has been judged. */
  views = 0;
  readonly problems: string[] = [];
  /** How often a client began at another moment than it had been at. */
  moves = 0;
  restarts = 0;
  readonly #world: RestartableWorld;
  readonly #model: FileModel;
  readonly #lastAt = new Map<string, string>();
  readonly #arguments: (kind: ViewerKind) => readonly string[];
  readonly #running = new Set<Viewer>();
  readonly #loops: Promise<void>[] = [];
  #isOver = false;
  #served = Promise.resolve();

  /**
   * @param model what their file is; a commit has to be in it before anything else happens
   * @param args of `viewer-entry.ts`
   */
  constructor(world: RestartableWorld, model: FileModel, args: (kind: ViewerKind) => readonly string[]) {
    this.#world = world;
    this.#model = model;
    this.#arguments = args;
  }

  start(kinds: readonly ViewerKind[]): void {
    for (const [index, kind] of kinds.entries()) this.#loops.push(this.#keepRunning(kind, `${kind} ${index}`));
  }

  /** Kills one of them. */
  kill(index: number): void {
    const viewer = this.#at(index);
    if (viewer === undefined) return;
    viewer.mayEnd = true;
    viewer.child.kill("SIGKILL");
  }

  /** Lets one of them stand still for a while. */
  suspend(index: number, milliseconds: number): void {
    const viewer = this.#at(index);
    viewer?.child.kill("SIGSTOP");
    setTimeout(() => void viewer?.child.kill("SIGCONT"), milliseconds);
  }

  /** They lose their server, and get another one: each is on its own until it is started again. */
  async survive(replaced: Promise<void>): Promise<void> {
    this.#served = replaced;
    const lost = [...this.#running];
    for (const viewer of lost) viewer.mayEnd = true;
    await Promise.race([replaced, sleep(500)]);
    for (const { child } of lost) child.kill("SIGKILL");
    await replaced;
  }

  /** Tells them to end. @param nudge something that helps those that wait for the future */
  async end(nudge: () => void): Promise<void> {
    this.#isOver = true;
    for (const { child } of this.#running) child.stdin?.end();
    for (let tries = 0; tries < 100 && this.#running.size > 0; tries++) {
      nudge();
      await Promise.race([Promise.all(this.#loops), sleep(150)]);
    }
    if (this.#running.size > 0) this.problems.push(await this.#describeHang());
    for (const { child } of this.#running) child.kill("SIGKILL");
  }

  #at(index: number): Viewer | undefined {
    return [...this.#running][index % Math.max(1, this.#running.size)];
  }

  async #keepRunning(kind: ViewerKind, who: string): Promise<void> {
    while (!this.#isOver) {
      const child = spawn(process.execPath, [ENTRY, ...this.#arguments(kind)], { stdio: ["pipe", "pipe", "pipe"] });
      const viewer = { child, mayEnd: false };
      this.#running.add(viewer);
      let errors = "";
      child.stdin.on("error", () => undefined);
      child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
      createInterface({ input: child.stdout }).on("line", (line) => this.#take(line, who));
      const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
      this.#running.delete(viewer);
      const mayEnd =
        code === 0 ||
        viewer.mayEnd ||
        (kind === "mute" && signal !== null) ||
        (kind === "dying" && signal === "SIGKILL");
      if (!mayEnd) this.problems.push(`${who} ended with ${signal ?? code}: ${errors}${this.#logOf(child.pid)}`);
      this.restarts++;
      await this.#served;
    }
  }

  #take(line: string, who: string): void {
    const [, at, pins = "", text = ""] = /^view ([0-9a-f]{16}) \[(.*?)\] ?(.*)$/.exec(line) ?? [];
    if (at === undefined) return;
    const expected = this.#model.at(at);
    if (text !== expected) {
      this.problems.push(`${who} saw @${at}, pins before and after [${pins}]\n  ${text}, which was\n  ${expected}`);
    }
    if (this.#lastAt.get(who) !== at) this.moves++;
    this.#lastAt.set(who, at);
    this.views++;
  }

  /** What the server has to say about a process. */
  #logOf(pid: number | undefined): string {
    const lines = this.#world.server.stderr().split("\n");
    return lines.filter((line) => line.includes(`pid${pid}:`)).join("\n");
  }

  /** Where everybody waits. */
  async #describeHang(): Promise<string> {
    const metrics = await this.#world.text(".wcfs/metrics").catch(String);
    const threads = [...this.#running].flatMap(({ child: { pid } }) =>
      readdirSync(`/proc/${pid}/task`).map((tid) => {
        const read = (name: string) => readFileSync(`/proc/${pid}/task/${tid}/${name}`, "latin1").trim();
        return `${pid}/${tid} ${read("comm")} ${read("wchan")} ${read("syscall")}`;
      }),
    );
    const waiting = threads.filter((thread) => !/futex_do_wait|do_epoll_wait/.test(thread));
    return ["clients do not end", ...waiting, metrics.replace(/^#.*\n/gm, "")].join("\n");
  }
}
