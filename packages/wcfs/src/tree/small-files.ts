import type { Attributes, OpenMode, SmallFile, Stream, StreamFile } from "./node.ts";

const REGULAR_0644 = 0o100644;

/** A file whose bytes never change; the kernel caches them. */
export const cachedFile: OpenMode = { keepCache: true };

/** A file whose bytes are different each time. */
export const directFile: OpenMode = { direct: true };

/** A small file, made of one text. */
export class TextFile implements SmallFile {
  readonly kind = "file";
  readonly id: number;
  readonly mode: OpenMode;
  references = 0;
  readonly #content: () => string;
  #text = "";
  #bytes = Buffer.alloc(0);

  constructor(id: number, mode: OpenMode, content: () => string) {
    this.id = id;
    this.mode = mode;
    this.#content = content;
  }

  content(): Buffer {
    const text = this.#content();
    if (text !== this.#text) {
      this.#text = text;
      this.#bytes = Buffer.from(text);
    }
    return this.#bytes;
  }

  attributes(): Attributes {
    return { mode: REGULAR_0644, size: this.content().length, blksize: 0, time: 0n, stable: true };
  }
}

/** A file each opening of which is a conversation of its own. */
export class ConversationFile implements StreamFile {
  readonly kind = "stream";
  readonly id: number;
  references = 0;
  readonly #open: (pid: number) => Stream;

  constructor(id: number, open: (pid: number) => Stream) {
    this.id = id;
    this.#open = open;
  }

  open(pid: number): Stream {
    return this.#open(pid);
  }

  attributes(): Attributes {
    return { mode: REGULAR_0644, size: 0, blksize: 0, time: 0n, stable: true };
  }
}
