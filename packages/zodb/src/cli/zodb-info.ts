import { fstatSync } from "node:fs";
import { FileStorage } from "../filestorage/index.ts";
import { readMagic } from "../filestorage/generation.ts";
import { formatOid } from "../ids/oid.ts";
import { formatTid, type Tid } from "../ids/tid.ts";
import type { Storage } from "../storage.ts";
import { processIo, type CommandIo } from "./io.ts";
import { tidTime } from "./time.ts";
import { withStorage } from "./with-storage.ts";

/** Options of `belay zodb info`. */
export interface ZodbInfoOptions {
  readonly json?: boolean;
}

type Fact = string | number;

/**
 * `belay zodb info ZURL`: what there is to know about a database, as `name=value` lines.
 *
 * @returns the exit code, 0
 */
export async function zodbInfo(
  zurl: string,
  options: ZodbInfoOptions = {},
  io: CommandIo = processIo(),
): Promise<number> {
  return withStorage(zurl, io, async (storage) => {
    const facts = gather(storage);
    if (options.json) await io.out(`${JSON.stringify(facts)}\n`);
    else
      await io.out(
        Object.entries(facts)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(""),
      );
    return 0;
  });
}

function gather(storage: Storage): Record<string, Fact> {
  const file = storage instanceof FileStorage ? storage : undefined;
  const { count, oldest } = transactions(storage);
  const head = storage.lastTid();
  return {
    name: file?.path ?? storage.zurl,
    zurl: storage.zurl,
    ...(file === undefined ? {} : { size: sizeOf(file) }),
    head: formatTid(head),
    ...(head === 0n ? {} : { newest: tidTime(head) }),
    ...(oldest === undefined ? {} : { oldest: tidTime(oldest) }),
    transactions: count,
    ...(file === undefined ? {} : { objects: file.generation.index.size }),
    max_oid: formatOid(storage.maxOid()),
    ...(file === undefined ? {} : fileFacts(file)),
  };
}

// Without what lies behind the newest transaction; an empty file is a database, too.
function sizeOf({ generation: { fd, pos } }: FileStorage): number {
  return Math.min(pos, fstatSync(fd).size);
}

function transactions(storage: Storage): { count: number; oldest: Tid | undefined } {
  let count = 0;
  let oldest: Tid | undefined;
  for (const { tid } of storage.iterate()) {
    oldest ??= tid;
    count++;
  }
  return { count, oldest };
}

function fileFacts({ generation }: FileStorage): Record<string, Fact> {
  const { path, fd, pos, indexState, stop } = generation;
  const size = fstatSync(fd).size;
  return {
    magic: readMagic(path, fd, size) ?? "",
    index: indexState,
    tail: stop,
    ...(stop === "end" ? {} : { tail_bytes: size - pos }),
  };
}
