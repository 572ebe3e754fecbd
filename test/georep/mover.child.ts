import * as fs from "node:fs";
import { join } from "node:path";

import { AT_FDCWD, renameat2, RENAME_EXCHANGE } from "@belay/linux";
import { hasCode } from "@belay/supervise";

const [root = "", seed = "", ms = ""] = process.argv.slice(2);
const width = 5;

/** Moves much about, and changes little else. */
class Mover {
  readonly #root: string;
  #state: number;
  #copies = 0;
  done = 0;

  constructor(root: string, from: number) {
    this.#root = root;
    this.#state = from >>> 0;
  }

  step(): void {
    try {
      this.#actions[this.#below(this.#actions.length)]?.();
      this.done++;
    } catch (error) {
      if (!hasCode(error, "ENOENT", "EEXIST", "ENOTDIR", "EISDIR", "ENOTEMPTY", "EINVAL", "EPERM", "ERR_FS_EISDIR", "EXDEV", "ERR_FS_CP_EINVAL")) throw error; // prettier-ignore
    }
  }

  readonly #actions: readonly (() => void)[] = [
    () => fs.renameSync(this.#directory(), this.#directory()),
    () => fs.renameSync(this.#directory(), this.#directory()),
    () => fs.renameSync(this.#file(), this.#file()),
    () => renameat2(AT_FDCWD, this.#directory(), AT_FDCWD, this.#directory(), RENAME_EXCHANGE),
    () => renameat2(AT_FDCWD, this.#directory(), AT_FDCWD, this.#file(), RENAME_EXCHANGE),
    () => fs.linkSync(this.#file(), this.#file()),
    () => fs.writeFileSync(this.#file(), "x".repeat(this.#below(100_000))),
    () => fs.writeFileSync(this.#file(), "changed"),
    () => fs.rmSync(this.#directory(), { recursive: this.#below(20) === 0 }),
    () => fs.mkdirSync(this.#directory()),
    () => this.#copy(),
    () => this.#replace(),
  ];

  // A directory goes, and another with the same name and some of its contents is there.
  #replace(): void {
    const [path, aside] = [this.#directory(), join(this.#root, "aside")];
    fs.renameSync(path, aside);
    fs.mkdirSync(path);
    fs.renameSync(join(aside, "n1"), join(path, "n1"));
    fs.renameSync(join(aside, "f1"), join(path, "f2"));
    fs.rmSync(aside, { recursive: true });
  }

  // A tree that comes as a whole; not too often, or there would be no end to it.
  #copy(): void {
    if (this.#copies++ > 30) return;
    const [from, aside] = [join(this.#directory(), "n1", "n2"), `${this.#root}-copy`];
    fs.cpSync(from, aside, { recursive: true });
    try {
      fs.renameSync(aside, this.#directory());
    } finally {
      fs.rmSync(aside, { recursive: true, force: true });
    }
  }

  #directory(): string {
    const names = Array.from({ length: 1 + this.#below(3) }, () => `n${this.#below(width + 1)}`);
    return join(this.#root, ...names);
  }

  #file(): string {
    return join(this.#directory(), `f${this.#below(14)}`);
  }

  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
}

const mover = new Mover(root, Number(seed));
for (const end = performance.now() + Number(ms); performance.now() < end;) mover.step();
process.stdout.write(String(mover.done));
