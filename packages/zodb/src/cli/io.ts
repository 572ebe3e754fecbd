import { once } from "node:events";
import type { Progress } from "@belay/supervise";

/** Where a command writes. */
export interface CommandIo {
  /** What was asked for, text or bytes. Resolves when more may be written. */
  out(data: string | Uint8Array): Promise<void>;
  /** Told of long work, if there is one. */
  readonly progress?: Progress | undefined;
}

/** The output of this process. */
export function processIo(progress?: Progress): CommandIo {
  return {
    progress,
    out: async (data) => {
      if (!process.stdout.write(data)) await once(process.stdout, "drain");
    },
  };
}

const ENOUGH = 1 << 16;

/** Puts small pieces together before they are written. */
export class Output {
  readonly #io: CommandIo;
  #pieces: Uint8Array[] = [];
  #waiting = 0;

  constructor(io: CommandIo) {
    this.#io = io;
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    this.#pieces.push(bytes);
    this.#waiting += bytes.length;
    if (this.#waiting >= ENOUGH) await this.flush();
  }

  async line(value: object): Promise<void> {
    await this.write(`${JSON.stringify(value)}\n`);
  }

  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#waiting = 0;
    if (bytes.length > 0) await this.#io.out(bytes);
  }
}
