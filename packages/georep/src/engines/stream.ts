import { close, pread, statx, AT_EMPTY_PATH } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { maxCopy, maxData, type MovedPart, type Want } from "../rpc/messages.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import { copyContent, deltaFrom } from "./copy.ts";
import { dataRanges } from "./data-ranges.ts";
import { ContentDigest } from "./content-digest.ts";
import type { NewContent, Output } from "./output.ts";
import { sendDifferences } from "./send-differences.ts";

/** What sending a file took. */
export interface Sent {
  readonly bytes: number;
}

/**
 * Sends the content of a file: all of it without its holes, or only the blocks that differ from what the destination has.
 *
 * Requests follow each other without waiting for their answers, as far as the connection's credit allows.
 *
 * @param fd  open file at the source; stays the caller's
 */
export async function sendContent(secondary: Secondary, fd: number, want: Want): Promise<Sent> {
  const { copy } = secondary;
  if (copy !== undefined) {
    const sent = await copyContent({ ...secondary, copy }, fd, want);
    if (sent !== undefined) return sent;
  }
  const { id, base } = want;
  const isDelta = base >= deltaFrom;
  const { size } = statx(fd, "", AT_EMPTY_PATH);
  const sending = new Sending(secondary, id);
  await sending.queue(secondary.begin(id, isDelta));
  const output: Output = {
    piece: (offset, bytes) => sending.piece(offset, bytes),
    makeAnew: async (before) => ((await sending.makeAnew(before)) ? movingContent(sending, fd) : undefined),
  };
  const rest = isDelta ? await sendDifferences(secondary, { id, fd, size, base }, output) : 0;
  for (const { start, end } of isDelta ? [{ start: rest, end: size }] : dataRanges(fd, size))
    await sendRange(sending, fd, { start, end });
  const digest = sending.digest.digest();
  await sending.settle();
  await secondary.end(id, size, digest);
  return { bytes: sending.bytes };
}

/** Eight pieces of a megabyte keep both ends at work. */
const mostUnderWay = 8;

class Sending {
  readonly #secondary: Secondary;
  readonly #id: FileId;
  readonly #underWay: Promise<void>[] = [];
  readonly digest = new ContentDigest();
  bytes = 0;

  constructor(secondary: Secondary, id: FileId) {
    this.#secondary = secondary;
    this.#id = id;
  }

  /** @param onAnswer  told when the peer has it */
  async piece(offset: number, bytes: Buffer, onAnswer?: () => void): Promise<void> {
    this.digest.update(offset, bytes);
    this.bytes += bytes.length;
    await this.queue(this.#secondary.data(this.#id, offset, bytes).then(onAnswer));
  }

  /** Has the content made anew behind `before`, from parts of the older one. @returns false: that cannot be */
  async makeAnew(before: number): Promise<boolean> {
    const kept = await this.#secondary.makeAnew(this.#id, before);
    for (let at = kept === "nothing" ? 0 : before; at < before; at += maxCopy)
      await this.move({ from: at, to: at, length: Math.min(maxCopy, before - at) });
    return kept !== undefined;
  }

  async move(part: MovedPart): Promise<void> {
    this.digest.move(part);
    await this.queue(this.#secondary.move(this.#id, part));
  }

  async queue(request: Promise<void>): Promise<void> {
    request.catch(() => undefined); // told by whoever awaits it below
    this.#underWay.push(request);
    if (this.#underWay.length > mostUnderWay) await this.#underWay.shift();
  }

  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}

const movingContent = (sending: Sending, fd: number): NewContent => ({
  range: (start, end) => sendRange(sending, fd, { start, end, skipsZeros: true }),
  move: (part) => sending.move(part),
});

/** Memory of pieces that the peer has: of a large file fresh memory for each would keep the garbage collector at work. */
class PieceMemory {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(maxData);
  }

  give(memory: Buffer): void {
    if (this.#free.length <= mostUnderWay) this.#free.push(memory);
  }
}

const pieces = new PieceMemory();

interface RangeToSend {
  readonly start: number;
  readonly end: number;
  /** The destination has zeros there. */
  readonly skipsZeros?: boolean;
}

async function sendRange(sending: Sending, fd: number, { start, end, skipsZeros }: RangeToSend): Promise<void> {
  for (let at = start; at < end;) {
    const memory = pieces.take();
    const length = pread(fd, memory.subarray(0, Math.min(maxData, end - at)), at);
    const bytes = memory.subarray(0, length);
    const give = () => {
      pieces.give(memory);
    };
    const isNeeded = length > 0 && !(skipsZeros === true && zeros.subarray(0, length).equals(bytes));
    if (isNeeded) await sending.piece(at, bytes, give);
    else give();
    if (length === 0) return; // it was cut off meanwhile
    at += length;
  }
}

const zeros = Buffer.alloc(maxData);

/** Closes a descriptor when the work with it is done. */
export async function withDescriptor<T>(fd: number, work: (fd: number) => Promise<T>): Promise<T> {
  try {
    return await work(fd);
  } finally {
    close(fd);
  }
}
