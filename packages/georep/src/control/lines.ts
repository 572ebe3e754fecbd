import type { Readable } from "node:stream";

import { BelayError } from "@belay/supervise";

/** Longest line that is taken, in bytes. */
const longest = 16 * 1024 * 1024;

/**
 * The lines of a stream, without their newlines. What comes after the last newline was cut off and is no line.
 *
 * @throws BelayError `EPROTO` for a line that does not end; errors of the stream
 */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield rest.toString("utf8", 0, end);
      rest = rest.subarray(end + 1);
    }
    if (rest.length > longest) throw new BelayError("EPROTO", "a line that is too long");
  }
}
