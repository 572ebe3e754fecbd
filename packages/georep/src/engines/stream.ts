import { close, pread, statx, AT_EMPTY_PATH } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { maxData, type Want } from "../rpc/messages.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import { copyContent, deltaFrom } from "./copy.ts";
import { dataRanges } from "./data-ranges.ts";
import { ContentDigest } from "./content-digest.ts";
import { sendDifferences, type SendPiece } from "./send-differences.ts";

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
  const send: SendPiece = (offset, bytes) => sending.piece(offset, bytes);
  const rest = isDelta ? await sendDifferences(secondary, { id, fd, size, base }, send) : 0;
  for (const { start, end } of isDelta ? [{ start: rest, end: size }] : dataRanges(fd, size))
    await sendRange(sending, fd, start, end);
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

  async queue(request: Promise<void>): Promise<void> {
    request.catch(() => undefined); // told by whoever awaits it below
    this.#underWay.push(request);
    if (this.#underWay.length > mostUnderWay) await this.#underWay.shift();
  }

  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}

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

async function sendRange(sending: Sending, fd: number, start: number, end: number): Promise<void> {
  for (let at = start; at < end;) {
    const memory = pieces.take();
    const length = pread(fd, memory.subarray(0, Math.min(maxData, end - at)), at);
    if (length === 0) {
      pieces.give(memory);
      return; // it was cut off meanwhile
    }
    await sending.piece(at, memory.subarray(0, length), () => {
      pieces.give(memory);
    });
    at += length;
  }
}

/** Closes a descriptor when the work with it is done. */
export async function withDescriptor<T>(fd: number, work: (fd: number) => Promise<T>): Promise<T> {
  try {
    return await work(fd);
  } finally {
    close(fd);
  }
}
