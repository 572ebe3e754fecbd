import { goQuoteBytes } from "./quote-bytes.ts";

/** One line of the protocol: `<stream> <message>\n`. */
export interface Frame {
  /** Odd: an exchange the client began. Even: one the server began. 0: neither. */
  readonly stream: bigint;
  readonly message: Buffer;
}

/** A line that is none; the text says why, as the control message does. */
export interface BadFrame {
  readonly problem: string;
}

/** Bytes of the longest line that is taken; the longest one that means anything has 62. */
export const longestLine = 4096;

const SPACE = 0x20;
const LF = 0x0a;
const largestStream = (1n << 64n) - 1n;

/**
 * Parses a line.
 *
 * @param line with its newline
 */
export function parseFrame(line: Buffer): Frame | BadFrame {
  const space = line.indexOf(SPACE);
  if (space < 0) return { problem: `invalid frame: ${goQuoteBytes(line)}` };
  const stream = parseStream(line.subarray(0, space));
  if (stream === undefined) return { problem: `invalid frame: ${goQuoteBytes(line)} (invalid stream)` };
  return { stream, message: line.subarray(space + 1, line.length - 1) };
}

function parseStream(digits: Buffer): bigint | undefined {
  const text = digits.toString("latin1");
  if (!/^[0-9]+$/.test(text)) return undefined;
  const stream = BigInt(text);
  return stream > largestStream ? undefined : stream;
}

/** Cuts what a client writes into lines, wherever its writes begin and end. */
export class LineSplitter {
  #rest = Buffer.alloc(0);

  /** The lines completed by these bytes, each with its newline. */
  push(data: Uint8Array): Buffer[] {
    const bytes = Buffer.concat([this.#rest, data]);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      lines.push(bytes.subarray(start, end + 1));
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    return lines;
  }

  /** Bytes of a line that has not ended. */
  get pending(): number {
    return this.#rest.length;
  }
}
