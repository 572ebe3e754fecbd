import { setImmediate } from "node:timers/promises";

import { errno, O_RDWR, O_TMPFILE, open, pwrite } from "@belay/linux";

import type { Handled } from "../serve/file-system.ts";
import type { ReadReply } from "../serve/replies.ts";
import type { ServeLoop } from "../serve/serve-loop.ts";
import type { ReadRequest } from "../wire/request-files.ts";
import { MemoryFileSystem } from "./memory-file-system.ts";

/** How reading of the file of that name goes. */
const specialFiles = [
  "throws",
  "rejects",
  "never",
  "later",
  "async",
  "twice",
  "unasked",
  "spliced",
  "unfinished",
] as const;

type SpecialFile = (typeof specialFiles)[number];

/** A file system whose root has files that are not answered as usual. */
export class SpecialFileSystem extends MemoryFileSystem {
  readonly interrupted: string[] = [];
  /** What sending from a file gave; false: it is too short. */
  readonly outcomes: (number | false)[] = [];
  readonly #file = open("/dev/shm", O_TMPFILE | O_RDWR, 0o600);
  readonly #special = new Map<number, SpecialFile>();
  readonly #loop: ServeLoop;

  constructor(loop: ServeLoop) {
    super();
    this.#loop = loop;
    pwrite(this.#file, Buffer.from("0123456789out of a file"), 0);
    for (const name of specialFiles) this.#special.set(this.addFile(name, Buffer.alloc(4096, name)).nodeid, name);
  }

  override read(request: ReadRequest, reply: ReadReply): Handled {
    const name = this.#special.get(request.nodeid);
    return name === undefined ? super.read(request, reply) : this.#readSpecially(name, request, reply);
  }

  #splice(reply: ReadReply, places: readonly [offset: number, length: number][]): void {
    const payload = reply.splice(places.reduce((sum, [, length]) => sum + length, 0));
    const added = places.every(([offset, length]) => payload?.add(this.#file, offset, length));
    this.outcomes.push(added && reply.sendSpliced());
    if (!added) reply.error(errno.EIO);
  }

  #readSpecially(name: SpecialFile, request: ReadRequest, reply: ReadReply): Handled {
    switch (name) {
      case "throws":
        throw new TypeError("a mistake in a handler");
      case "rejects":
        return Promise.reject(new TypeError("a mistake in an asynchronous handler"));
      case "never":
        request.onInterrupt = () => {
          this.interrupted.push(name);
          reply.error(errno.EINTR);
        };
        return;
      case "later":
        this.#loop.after(30, () => {
          reply.buffer(4096).set(Buffer.alloc(4096, name));
          reply.send(4096);
        });
        return;
      case "async":
        return setImmediate().then(() => reply.data(Buffer.alloc(4096, name)));
      case "twice":
        reply.error(errno.EXDEV);
        reply.error(errno.EIO);
        return;
      case "unasked":
        reply.send(10);
        return;
      case "spliced":
        this.#splice(reply, [
          [14, 4],
          [10, 4],
          [18, 5],
        ]);
        return;
      case "unfinished":
        this.#splice(reply, [
          [10, 4],
          [18, 6],
        ]);
    }
  }
}
