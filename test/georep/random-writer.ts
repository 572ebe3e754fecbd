import * as fs from "node:fs";

import { AT_FDCWD, lremovexattr, lsetxattr, makedev, mknodat, renameat2, RENAME_EXCHANGE } from "@belay/linux";
import { hasCode } from "@belay/supervise";

/** Does whatever can be done to a tree, by chance, the same for the same seed. */
export class RandomWriter {
  readonly #root: string;
  readonly #isRoot = process.geteuid?.() === 0;
  #state: number;
  #done = 0;

  constructor(root: string, seed: number) {
    this.#root = root;
    this.#state = seed >>> 0;
  }

  /** Operations that had an effect. */
  get done(): number {
    return this.#done;
  }

  step(): void {
    try {
      this.#pick(this.#actions)();
      this.#done++;
    } catch (error) {
      // By chance much is asked that cannot be: a directory renamed into itself, a file made in a file.
      if (!hasCode(error, ...impossible)) throw error;
    }
  }

  readonly #actions: readonly (() => void)[] = [
    () => this.#write(this.#path(), this.#bytes(2000)),
    () => this.#write(this.#path(), this.#bytes(200)),
    () => this.#write(this.#path(), this.#bytes(100), fs.constants.O_APPEND),
    () => this.#write(this.#path(), Buffer.alloc(this.#below(700_000), this.#below(256))),
    () => this.#write(this.#path(), this.#lines(60_000)),
    () => this.#rearrange(),
    () => this.#replace(),
    () => this.#writeSparse(),
    () => this.#truncate(),
    () => fs.unlinkSync(this.#path()),
    () => fs.unlinkSync(this.#path()),
    () => fs.mkdirSync(this.#path()),
    () => fs.mkdirSync(this.#path()),
    () => this.#unpack(),
    () => fs.rmSync(this.#path(), { recursive: this.#below(10) === 0 }),
    () => fs.renameSync(this.#path(), this.#path()),
    () => fs.renameSync(this.#path(), this.#path()),
    () => renameat2(AT_FDCWD, this.#path(), AT_FDCWD, this.#path(), RENAME_EXCHANGE),
    () => fs.linkSync(this.#path(), this.#path()),
    () => fs.symlinkSync(`to ${this.#below(100)}`, this.#path()),
    () => fs.chmodSync(this.#path(), [0o600, 0o644, 0o755, 0o4711, 0o1777][this.#below(5)] ?? 0o600),
    () => fs.utimesSync(this.#path(), 1, this.#below(2_000_000_000)),
    () => lsetxattr(this.#path(), `user.a${this.#below(3)}`, this.#bytes(40)),
    () => lremovexattr(this.#path(), `user.a${this.#below(3)}`),
    () => this.#asRoot(() => fs.lchownSync(this.#path(), this.#below(5), this.#below(5))),
    () => this.#asRoot(() => mknodat(AT_FDCWD, this.#path(), 0o020600, makedev(1, this.#pick([3, 5])))),
    () => mknodat(AT_FDCWD, this.#path(), 0o010640),
    () => lsetxattr(this.#path(), "system.posix_acl_access", acl(this.#below(8))),
  ];

  // As editors and daemons do it: beside, then over it.
  #replace(): void {
    const path = this.#path();
    this.#write(`${path}~`, this.#bytes(500));
    fs.renameSync(`${path}~`, path);
  }

  // A directory and all that is in it, at once.
  #unpack(): void {
    const path = this.#path();
    fs.mkdirSync(path);
    for (let name = 0; name < 7; name++) this.#write(`${path}/n${name}`, this.#bytes(200));
  }

  // A pipe nobody reads must not hold us.
  #write(path: string, bytes: Buffer, how = fs.constants.O_TRUNC): void {
    const fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_NONBLOCK | how);
    try {
      fs.writeSync(fd, bytes);
    } finally {
      fs.closeSync(fd);
    }
  }

  // As dumps and archives change: what is behind a place moves.
  #rearrange(): void {
    const path = this.#path();
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const room = Buffer.alloc(500_000); // there are devices without an end
    let content: Buffer;
    try {
      content = room.subarray(0, fs.readSync(fd, room));
    } finally {
      fs.closeSync(fd);
    }
    const [start, length] = [this.#below(content.length), this.#below(100_000)];
    const [before, after] = [content.subarray(0, start), content.subarray(start)];
    const put = [this.#lines(1000), after, after.subarray(length), Buffer.concat([after.subarray(length), before])];
    this.#write(path, Buffer.concat([before, this.#pick(put), after.subarray(0, length)]));
  }

  #writeSparse(): void {
    const fd = fs.openSync(this.#path(), fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_NONBLOCK);
    try {
      fs.writeSync(fd, this.#bytes(100), 0, undefined, this.#below(3_000_000));
    } finally {
      fs.closeSync(fd);
    }
  }

  #truncate(): void {
    const fd = fs.openSync(this.#path(), fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
    try {
      fs.ftruncateSync(fd, this.#below(3000));
    } finally {
      fs.closeSync(fd);
    }
  }

  #asRoot(action: () => void): void {
    if (this.#isRoot) action();
  }

  // Few names, so that they meet; now and then one that is hard to write.
  #path(): string {
    const depth = 1 + this.#below(3);
    const names = Array.from({ length: depth }, () =>
      this.#below(12) === 0 ? this.#pick(oddNames) : `n${this.#below(7)}`,
    );
    return `${this.#root}/${names.join("/")}`;
  }

  #bytes(most: number): Buffer {
    return Buffer.alloc(1 + this.#below(most), String(this.#below(1_000_000)));
  }

  // Of which no two parts are the same.
  #lines(most: number): Buffer {
    const [first, count] = [this.#below(1_000_000), 1 + this.#below(most)];
    return Buffer.from(Array.from({ length: count }, (_, index) => `line ${first + index}\n`).join(""));
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
}

const oddNames = ["with\nnewline", "tab\tand\rreturn", "ünï", " blank ", "%20", "-rf", "x".repeat(250)];

const impossible = [
  "ENOENT", "EEXIST", "ENOTDIR", "EISDIR", "ENOTEMPTY", "EINVAL", "EPERM", "EXDEV", "ENODATA", "ELOOP", "EACCES", "EOPNOTSUPP",
  "ENXIO", "EMLINK", "ERR_FS_EISDIR", "ENODEV", "EBUSY", "ENOTSUP", "EAGAIN", "EFBIG", "ENAMETOOLONG",
] as const; // prettier-ignore

/** An access ACL with one named user, as the kernel stores it. */
export function acl(permissions: number): Buffer {
  const entries = [
    [0x01, 6, 0xffff_ffff],
    [0x02, permissions, 1000],
    [0x04, 4, 0xffff_ffff],
    [0x10, 7, 0xffff_ffff],
    [0x20, 4, 0xffff_ffff],
  ] as const;
  const bytes = Buffer.alloc(4 + 8 * entries.length);
  bytes.writeUInt32LE(2, 0);
  for (const [index, [tag, permission, id]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 4 + 8 * index);
    bytes.writeUInt16LE(permission, 6 + 8 * index);
    bytes.writeUInt32LE(id, 8 + 8 * index);
  }
  return bytes;
}

/** Children of a process, by /proc; none when it has ended. */
export function childrenOf(pid: number): number[] {
  try {
    return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH")) return [];
    throw error;
  }
}
