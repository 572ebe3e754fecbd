/**
 * A process that does to a mount what it is told: one JSON object a line on stdin, answers and events a line each on stdout.
 *
 * What may block runs in threads, so that any number of things can be under way.
 */
import * as fs from "node:fs";
import { spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { MAP_FIXED, MAP_SHARED, mmap } from "@belay/linux";

/** What commands are given; each takes some of it. */
interface Args {
  readonly path: string;
  readonly flags: string;
  readonly fd: number;
  readonly text: string;
  readonly map: number;
  /** Bytes: of a file, or for `touch` of a mapping. */
  readonly offset: number;
  readonly length: number;
  /** Bytes: of a mapping. */
  readonly at: number;
  readonly signal: NodeJS.Signals;
  readonly code: number;
}

const read = promisify(fs.read);
const open = promisify(fs.open);
const maps = new Map<number, { readonly worker: Worker; readonly address: number }>();
const sharedWithMain = new Int32Array(new SharedArrayBuffer(4));

function send(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Reads a stream until its end, a line an event. */
async function pump(fd: number): Promise<void> {
  let rest = "";
  const buffer = Buffer.alloc(65536);
  try {
    for (;;) {
      const { bytesRead } = await read(fd, buffer, 0, buffer.length, null);
      if (bytesRead === 0) {
        send({ event: "end", fd });
        return;
      }
      rest += buffer.toString("utf8", 0, bytesRead);
      for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
        send({ event: "line", fd, line: rest.slice(0, end) });
        rest = rest.slice(end + 1);
      }
    }
  } catch (error) {
    send({ event: "end", fd, errno: (error as NodeJS.ErrnoException).code });
  }
}

async function inThread(kind: string, args: object): Promise<Record<string, unknown>> {
  const worker = new Worker(new URL("./agent.worker.ts", import.meta.url), {
    workerData: { kind, ...args },
    trackUnmanagedFds: false,
  });
  const answer = await new Promise<Record<string, unknown>>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  if (kind === "map") maps.set(maps.size + 1, { worker, address: answer["address"] as number });
  else await worker.terminate();
  return kind === "map" ? { map: maps.size } : answer;
}

function touch(map: number, offset: number, length: number): Promise<unknown> {
  const { worker } = maps.get(map) as { worker: Worker };
  const id = Atomics.add(sharedWithMain, 0, 1);
  return new Promise((resolve) => {
    const take = (message: { id: number; base64: string }) => {
      if (message.id !== id) return;
      worker.off("message", take);
      resolve({ base64: message.base64 });
    };
    worker.on("message", take);
    worker.postMessage({ id, offset, length });
  });
}

const commands: Readonly<Record<string, (args: Args) => unknown>> = {
  open: async ({ path, flags }) => ({ fd: await open(path, flags) }),
  /** By a thread that has ended when this answers. */
  openInThread: ({ path }) => inThread("open", { path }),
  close: ({ fd }) => fs.closeSync(fd),
  write: ({ fd, text }) => ({ written: fs.writeSync(fd, text) }),
  pump: ({ fd }) => void pump(fd),
  /** One message of a stream that is not pumped. */
  readLine: async ({ fd }) => {
    const { bytesRead, buffer } = await read(fd, Buffer.alloc(65536), 0, 65536, null);
    if (bytesRead === 0) send({ event: "end", fd });
    else send({ event: "line", fd, line: buffer.toString("utf8", 0, bytesRead - 1) });
  },
  read: async ({ path, offset, length }) => {
    const fd = await open(path, "r");
    try {
      const { bytesRead, buffer } = await read(fd, Buffer.alloc(length), 0, length, offset);
      return { base64: buffer.toString("base64", 0, bytesRead) };
    } finally {
      fs.closeSync(fd);
    }
  },
  stat: async ({ path }) => {
    const { size, blksize } = await fs.promises.stat(path);
    return { size, blksize };
  },
  list: async ({ path }) => ({ names: (await fs.promises.readdir(path)).sort() }),
  /** Has the kernel forget the pages of a file. */
  drop: ({ path }) => void spawnSync("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]),
  map: ({ path, offset, length }) => inThread("map", { path, offset, length }),
  touch: ({ map, offset, length }) => touch(map, offset, length),
  /** Maps a part of another file over a part of a mapping. */
  remap: ({ map, at, path, offset, length }) => {
    const { address } = maps.get(map) as { address: number };
    const fd = fs.openSync(path, "r");
    mmap({ address: address + at, length, fd, offset, flags: MAP_SHARED | MAP_FIXED });
    fs.closeSync(fd);
  },
  ignore: ({ signal }) => void process.on(signal, () => send({ event: "signal", signal })),
  exit: ({ code }) => process.exit(code),
};

async function obey(line: string): Promise<void> {
  const { id, do: command, ...args } = JSON.parse(line) as { id: number; do: string } & Partial<Args>;
  try {
    const answer = (await commands[command]?.(args as Args)) as object | undefined;
    send({ id, ...answer });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    send({ id, errno: code ?? message });
  }
}

send({ event: "ready", pid: process.pid });
for await (const line of createInterface({ input: process.stdin })) void obey(line);
process.exit(0);
